//! Organizations and tokens in memory.

use std::collections::BTreeMap;

use contacts_domain::{OrganizationId, Timestamp};

use contacts_application::access::{NewToken, Organization, Token, TokenDigest, TokenId};

#[derive(Debug, Default)]
pub(super) struct Access {
    organizations: BTreeMap<OrganizationId, Organization>,
    /// Oldest first.
    tokens: Vec<(TokenDigest, Token)>,
}

#[derive(Debug, thiserror::Error)]
#[error("a token of that digest is stored already")]
pub(super) struct DigestTaken;

impl Access {
    pub(super) fn organization(&self, id: OrganizationId) -> Option<Organization> {
        self.organizations.get(&id).cloned()
    }

    pub(super) fn organizations(&self) -> Vec<Organization> {
        self.organizations.values().cloned().collect()
    }

    /// Replaces an organization that is there.
    pub(super) fn replace(&mut self, organization: Organization) {
        self.organizations.insert(organization.id, organization);
    }

    pub(super) fn add_organization(&mut self, organization: Organization) -> bool {
        let free = !self.organizations.contains_key(&organization.id);
        if free {
            self.organizations.insert(organization.id, organization);
        }
        free
    }

    pub(super) fn token(&self, digest: TokenDigest) -> Option<Token> {
        let found = self.tokens.iter().find(|(stored, _)| *stored == digest);
        found.map(|(_, token)| token.clone())
    }

    pub(super) fn add_token(&mut self, new: NewToken) -> Result<TokenId, DigestTaken> {
        if self.token(new.digest).is_some() {
            return Err(DigestTaken);
        }
        let id = TokenId(self.tokens.last().map_or(1, |(_, newest)| newest.id.0 + 1));
        let NewToken { digest, prefix, name, reach, scopes, created_at, expires_at, replaces } =
            new;
        let (revoked_at, last_used_at) = (None, None);
        let token = Token {
            id,
            prefix,
            name,
            reach,
            scopes,
            created_at,
            expires_at,
            revoked_at,
            replaces,
            last_used_at,
        };
        self.tokens.push((digest, token));
        Ok(id)
    }

    pub(super) fn replace_token(
        &mut self,
        new: NewToken,
        until: Timestamp,
    ) -> Result<Option<TokenId>, DigestTaken> {
        let current = |token: &Token| token.revoked_at.is_none();
        let is_replaced = |token: &Token| token.replaces == new.replaces && current(token);
        if self.tokens.iter().any(|(_, token)| is_replaced(token)) {
            return Ok(None);
        }
        let mut tokens = self.tokens.iter_mut().map(|(_, token)| token);
        let old = tokens.find(|token| Some(token.id) == new.replaces && current(token));
        let Some(old) = old else { return Ok(None) };
        old.expires_at = Some(old.expires_at.map_or(until, |end| end.min(until)));
        self.add_token(new).map(Some)
    }

    pub(super) fn keep_uses(&mut self, uses: Vec<(TokenId, Timestamp)>) {
        for (id, at) in uses {
            if let Some((_, token)) = self.tokens.iter_mut().find(|(_, token)| token.id == id) {
                token.last_used_at = token.last_used_at.max(Some(at));
            }
        }
    }

    pub(super) fn tokens(&self) -> Vec<Token> {
        self.tokens.iter().map(|(_, token)| token.clone()).collect()
    }

    pub(super) fn revoke_token(&mut self, id: TokenId, at: Timestamp) -> bool {
        let standing = self
            .tokens
            .iter_mut()
            .map(|(_, token)| token)
            .find(|token| token.id == id && token.revoked_at.is_none());
        match standing {
            Some(token) => {
                token.revoked_at = Some(at);
                true
            }
            None => false,
        }
    }
}
