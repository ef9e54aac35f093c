//! What a newcomer does next: the addresses, and commands to copy.

use super::services::{Part, SERVICES};

/// A user's first minutes, as the gateway's clients see them. A random address, so that it can be copied twice.
const SESSION: &str = r#"
  G=http://127.0.0.1:8000 E=ada$RANDOM@example.com J='content-type: application/json'
  MADE=$(curl -s $G/users -H "$J" -d '{"email":"'$E'","password":"correct horse battery","name":"Ada"}'); echo "$MADE"
  LOGIN=$(curl -s $G/auth/login -H "$J" -d '{"email":"'$E'","password":"correct horse battery"}'); echo "$LOGIN"
  T="authorization: Bearer $(echo "$LOGIN" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')"
  ID=$(echo "$MADE" | sed 's/.*"id":"\([^"]*\)".*/\1/')
  curl -s -X PUT $G/users/$ID -H "$T" -H "$J" -d '{"name":"Ada Lovelace","email":"'$E'"}'; echo
  TASK=$(curl -s $G/tasks -H "$T" -H "$J" -d '{"title":"Write a program"}'); echo "$TASK"
  curl -s -X POST $G/tasks/$(echo "$TASK" | sed 's/.*"id":"\([^"]*\)".*/\1/')/complete -H "$T"; echo
  curl -s $G/api/v1/available -H "$T"; echo
  curl -s $G/api/v1/purchase -H "$T" -H "$J" -d '{"qty":2}'; echo
  for i in {1..30}; do [ $(curl -s $G/notifications -H "$T" | grep -o '"sent"' | wc -l) = 3 ] && break; sleep 1; done
  curl -s $G/notifications -H "$T" | grep -o '"subject":"[^"]*"' | sort
  curl -s $G/tasks; echo
  curl -s $G/health; echo
"#;

/// Prints the addresses and the session on stdout, before the first log line of the running system.
pub(crate) fn print(parts: &[&'static Part]) {
    println!("\nThe system is up. Ctrl-C ends all of it.\n");
    println!("  http://127.0.0.1:8000         the gateway: the one address that clients use");
    println!("  http://127.0.0.1:8000/health  the state of every service");
    println!("  http://127.0.0.1:8900/metrics the gateway's own metrics; also /services, /config");
    for part in parts.iter().filter(|part| SERVICES.iter().any(|service| service.name == part.name)) {
        println!("  http://127.0.0.1:{:<12} {} itself, for debugging; also /docs", part.ports[0], part.name);
    }
    println!("\nTry it in another terminal:\n{SESSION}");
}
