//! What requests and answers hold, and the parsing of the one into the domain's values.

use jiff::Timestamp;
use kit::Problem;
use kit::problem::FieldError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::application::{Registration, Tokens, Update};
use crate::domain::claims::{AUDIENCE, ISSUER};
use crate::domain::{Claims, Email, Name, Password, Secret, User};

/// A newcomer.
// Every field is optional to the parser, so that all that are missing are told at once.
#[derive(Deserialize, ToSchema)]
pub(super) struct RegisterBody {
    /// Compared without case.
    #[schema(value_type = String, required = true, format = Email, max_length = 254)]
    email: Option<String>,
    /// 8 to 128 characters of any kind.
    #[schema(value_type = String, required = true, format = Password, min_length = 8, max_length = 128)]
    password: Option<SecretText>,
    /// What the user is called.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 100)]
    name: Option<String>,
}

/// What a user is to be from now on.
#[derive(Deserialize, ToSchema)]
pub(super) struct UpdateBody {
    /// Compared without case.
    #[schema(value_type = String, required = true, format = Email, max_length = 254)]
    email: Option<String>,
    /// What the user is called.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 100)]
    name: Option<String>,
}

/// Who logs in.
#[derive(Deserialize, ToSchema)]
pub(super) struct LoginBody {
    /// As it was registered, in any case.
    #[schema(value_type = String, required = true)]
    email: Option<String>,
    /// The password.
    #[schema(value_type = String, required = true, format = Password)]
    password: Option<SecretText>,
}

/// What is exchanged for new tokens.
#[derive(Deserialize, ToSchema)]
pub(super) struct RefreshBody {
    /// The one that came last.
    #[schema(value_type = String, required = true)]
    refresh_token: Option<SecretText>,
}

/// What is looked at.
#[derive(Deserialize, ToSchema)]
pub(super) struct VerifyBody {
    /// An access token.
    #[schema(value_type = String, required = true)]
    token: Option<SecretText>,
}

/// Text that is secret from the moment it is parsed.
pub(super) struct SecretText(Secret<String>);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

impl RegisterBody {
    pub(super) fn parse(self) -> Result<Registration, Problem> {
        let mut fields = Fields::default();
        let email = fields.take("email", self.email, |text| Email::parse(&text));
        let name = fields.take("name", self.name, |text| Name::parse(&text));
        let password = fields.take("password", self.password, |text| Password::parse(text.0));
        match (email, name, password) {
            (Some(email), Some(name), Some(password)) => Ok(Registration { email, name, password }),
            _ => Err(Problem::validation(fields.0)),
        }
    }
}

impl UpdateBody {
    pub(super) fn parse(self) -> Result<Update, Problem> {
        let mut fields = Fields::default();
        let email = fields.take("email", self.email, |text| Email::parse(&text));
        let name = fields.take("name", self.name, |text| Name::parse(&text));
        match (email, name) {
            (Some(email), Some(name)) => Ok(Update { email, name }),
            _ => Err(Problem::validation(fields.0)),
        }
    }
}

impl LoginBody {
    /// An e-mail that is none is `None`, and no fault of the request: it is not registered.
    pub(super) fn parse(self) -> Result<(Option<Email>, Secret<String>), Problem> {
        let mut fields = Fields::default();
        let email = fields.require("email", self.email);
        let password = fields.require("password", self.password);
        match (email, password) {
            (Some(email), Some(password)) => Ok((Email::parse(&email).ok(), password.0)),
            _ => Err(Problem::validation(fields.0)),
        }
    }
}

impl RefreshBody {
    pub(super) fn parse(self) -> Result<Secret<String>, Problem> {
        one("refresh_token", self.refresh_token)
    }
}

impl VerifyBody {
    pub(super) fn parse(self) -> Result<Secret<String>, Problem> {
        one("token", self.token)
    }
}

fn one(name: &'static str, value: Option<SecretText>) -> Result<Secret<String>, Problem> {
    let mut fields = Fields::default();
    let value = fields.require(name, value);
    value.map(|text| text.0).ok_or_else(|| Problem::validation(fields.0))
}

/// Gathers what is wrong with a body's fields.
#[derive(Default)]
struct Fields(Vec<FieldError>);

impl Fields {
    /// A field that only has to be there.
    fn require<T>(&mut self, name: &'static str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.0.push(FieldError::new(name, "is required"));
        }
        value
    }

    /// A field that has to be there and to parse.
    fn take<T, U, E: std::fmt::Display>(
        &mut self,
        name: &'static str,
        value: Option<T>,
        parse: impl FnOnce(T) -> Result<U, E>,
    ) -> Option<U> {
        let value = self.require(name, value)?;
        parse(value).map_err(|error| self.0.push(FieldError::new(name, error))).ok()
    }
}

/// A user.
#[derive(Serialize, ToSchema)]
pub(super) struct UserBody {
    id: Uuid,
    email: String,
    name: String,
    /// When it registered, UTC.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id.0,
            email: user.email.as_str().to_owned(),
            name: user.name.as_str().to_owned(),
            created_at: user.created_at,
        }
    }
}

/// An access token and the means to get the next (RFC 6749 section 5.1).
#[derive(Serialize, ToSchema)]
pub(super) struct TokensBody {
    access_token: String,
    refresh_token: String,
    token_type: &'static str,
    expires_in: i64,
}

impl From<Tokens> for TokensBody {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token.0.expose().clone(),
            token_type: "Bearer",
            expires_in: tokens.expires_in.as_secs(),
        }
    }
}

/// The claims of a verified token.
#[derive(Serialize, ToSchema)]
pub(super) struct ClaimsBody {
    iss: &'static str,
    aud: &'static str,
    sub: Uuid,
    email: String,
    scope: String,
    iat: i64,
    exp: i64,
    jti: String,
}

impl From<Claims> for ClaimsBody {
    fn from(claims: Claims) -> Self {
        Self {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: claims.subject.0,
            email: claims.email.as_str().to_owned(),
            scope: claims.scope.as_str().to_owned(),
            iat: claims.issued_at.as_second(),
            exp: claims.expires_at.as_second(),
            jti: claims.token_id,
        }
    }
}
