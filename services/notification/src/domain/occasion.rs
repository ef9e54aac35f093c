//! What is told when something happened elsewhere.

use uuid::Uuid;

use super::{Message, Subject};

/// Something that a user is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occasion {
    /// The user has registered.
    Welcome {
        /// What the user is called.
        name: String,
    },
    /// A task of the user's is done.
    TaskCompleted {
        /// The task's title.
        title: String,
    },
    /// The user has bought places.
    TicketPurchased {
        /// The ticket.
        ticket: Uuid,
        /// How many places.
        qty: i64,
    },
}

impl Occasion {
    /// The headline.
    pub fn subject(&self) -> Subject {
        Subject::cut(&match self {
            Self::Welcome { name } => format!("Welcome, {name}"),
            Self::TaskCompleted { title } => format!("Task completed: {title}"),
            Self::TicketPurchased { qty, .. } => format!("Your ticket for {}", places(*qty)),
        })
    }

    /// The text.
    pub fn message(&self) -> Message {
        Message::cut(&match self {
            Self::Welcome { name } => format!("Hello {name},\n\nyour account is ready.\n"),
            Self::TaskCompleted { title } => format!("Your task is completed:\n\n{title}\n"),
            Self::TicketPurchased { ticket, qty } => {
                format!("Your purchase of {} is confirmed.\n\nTicket: {ticket}\n", places(*qty))
            }
        })
    }
}

fn places(qty: i64) -> String {
    if qty == 1 { "1 place".to_owned() } else { format!("{qty} places") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_occasion_says_what_happened() {
        fn check(occasion: &Occasion, subject: &str, part: &str) {
            assert_eq!(occasion.subject().as_str(), subject);
            assert!(occasion.message().as_str().contains(part), "{occasion:?}");
            assert!(Message::parse(occasion.message().as_str()).is_ok());
        }
        check(&Occasion::Welcome { name: "Ada\r\nBcc: x".into() }, "Welcome, AdaBcc: x", "Hello Ada");
        check(&Occasion::TaskCompleted { title: "Milk".into() }, "Task completed: Milk", "Milk");
        let ticket = Uuid::nil();
        check(&Occasion::TicketPurchased { ticket, qty: 1 }, "Your ticket for 1 place", &ticket.to_string());
        check(&Occasion::TicketPurchased { ticket, qty: 3 }, "Your ticket for 3 places", "3 places");
    }
}
