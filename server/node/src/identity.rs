//! Who a client is: anonymous identities and the signed tokens that prove them.
//!
//! A token is a JWT signed with the server's key (HS256); its `sub` is the identity in hexadecimal. Tokens do not expire: a
//! player who comes back after a year is the same player. Whoever holds the token is the player.

use ambit_model::{ConnectionId, Identity};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

/// Issues and checks tokens.
pub struct Identities {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

/// Why a token is refused, or none can be issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Another server's token, an altered one, or no token at all.
    #[error("the token is not one of this server's; leave it out to get a new identity")]
    Foreign,
    /// The token is signed by this server but names no identity.
    #[error("the token names no identity; leave it out to get a new one")]
    NoIdentity,
    /// The system gives no random numbers, or the token cannot be signed.
    #[error("cannot make an identity: {0}")]
    Issue(String),
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
}

const ISSUER: &str = "ambit";

impl Identities {
    /// Signs with this key.
    pub fn new(key: &[u8; 32]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["iss", "sub"]);
        validation.set_issuer(&[ISSUER]);
        validation.validate_exp = false;
        Self { encoding: EncodingKey::from_secret(key), decoding: DecodingKey::from_secret(key), validation }
    }

    /// A new anonymous identity and its token.
    pub fn issue(&self) -> Result<(Identity, String), TokenError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| TokenError::Issue(error.to_string()))?;
        let identity = Identity(bytes);
        let claims = Claims { iss: ISSUER.into(), sub: identity.to_string() };
        let token = jsonwebtoken::encode(&Header::default(), &claims, &self.encoding)
            .map_err(|error| TokenError::Issue(error.to_string()))?;
        Ok((identity, token))
    }

    /// The identity that a token proves.
    pub fn check(&self, token: &str) -> Result<Identity, TokenError> {
        let data = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|_| TokenError::Foreign)?;
        data.claims.sub.parse().map_err(|_| TokenError::NoIdentity)
    }
}

/// A new connection's id.
pub fn new_connection_id() -> Result<ConnectionId, TokenError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| TokenError::Issue(error.to_string()))?;
    Ok(ConnectionId(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_identity_again() {
        let identities = Identities::new(&[7; 32]);
        let (identity, token) = identities.issue().unwrap();
        assert_eq!(identities.check(&token), Ok(identity));
        // The same key after a restart.
        assert_eq!(Identities::new(&[7; 32]).check(&token), Ok(identity));
    }

    #[test]
    fn foreign_and_altered_tokens_are_refused() {
        let identities = Identities::new(&[7; 32]);
        let (_, token) = identities.issue().unwrap();
        assert_eq!(Identities::new(&[8; 32]).check(&token), Err(TokenError::Foreign));
        for at in 0..token.len() {
            let mut altered = token.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'Q' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(identities.check(&altered), Err(TokenError::Foreign), "byte {at}");
        }
        for garbage in ["", ".", "..", "a.b.c", "\u{0}"] {
            assert_eq!(identities.check(garbage), Err(TokenError::Foreign));
        }
        // "none" is no algorithm here.
        let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", token.split('.').nth(1).unwrap());
        assert_eq!(identities.check(&unsigned), Err(TokenError::Foreign));
    }
}
