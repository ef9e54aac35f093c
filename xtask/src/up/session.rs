//! What a newcomer does next: the addresses, and commands to copy.

use super::services::Part;

/// A user's first minutes, as the gateway's clients see them. A random address, so that it can be copied twice.
const SESSION: &str = r#"
  G=http://127.0.0.1:8000 E=ada$RANDOM@example.com J='content-type: application/json'
  MADE=$(curl -s $G/users -H "$J" -d '{"email":"'$E'","password":"correct horse battery","name":"Ada"}'); echo "$MADE"
  ID=$(echo "$MADE" | sed 's/.*"id":"\([^"]*\)".*/\1/')
  LOGIN=$(curl -s $G/auth/login -H "$J" -d '{"email":"'$E'","password":"correct horse battery"}'); echo "$LOGIN"
  TOKEN=$(echo "$LOGIN" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -s $G/users/$ID -H "authorization: Bearer $TOKEN"; echo
  curl -s -X PUT $G/users/$ID -H "authorization: Bearer $TOKEN" -H "$J" -d '{"name":"Ada Lovelace","email":"'$E'"}'; echo
  curl -s $G/users/$ID; echo
  curl -s $G/health; echo
"#;

/// Prints the addresses and the session on stdout, before the first log line of the running system.
pub(crate) fn print(parts: &[&'static Part]) {
    println!("\nThe system is up. Ctrl-C ends all of it.\n");
    println!("  http://127.0.0.1:8000         the gateway: the one address that clients use");
    println!("  http://127.0.0.1:8000/health  the state of every service");
    println!("  http://127.0.0.1:8900/metrics the gateway's own metrics; also /services, /config");
    for part in parts.iter().filter(|part| part.name != "gateway") {
        println!("  http://127.0.0.1:{:<12} {} itself, for debugging", part.ports[0], part.name);
    }
    println!("\nTry it in another terminal:\n{SESSION}");
}
