//! The consent page: grants at once, as the admin would by a click.

use super::super::wire::{Answer, Asked};
use super::keys;
use super::state::State;

impl State {
    /// `GET /api/oauth2/authorize`: back to `redirect_uri` with a code and the state, or, without one, a page that shows the
    /// code. The admin grants, unless `box_login` (the service's own hint for the login field) names somebody else.
    pub(super) fn consent(&mut self, asked: &Asked) -> Answer {
        if asked.method != "GET" {
            return Answer::empty(405).refused("the consent page is got");
        }
        if asked.query("client_id").as_deref() != Some(keys::CLIENT_ID) {
            return Answer::text(400, "invalid_client: unknown client_id").refused("unknown client_id");
        }
        if asked.query("response_type").as_deref() != Some("code") {
            return Answer::text(400, "unsupported_response_type").refused("response_type is not code");
        }
        let login = asked.query("box_login").unwrap_or_default();
        let whose = self.user_by_login(&login).or_else(|| self.user_by_key("ada")).unwrap_or(0);
        let Some(redirect) = asked.query("redirect_uri") else {
            let code = self.code_for(whose, None);
            return Answer::text(200, format!("Access granted. The code is {code}\n"));
        };
        let Ok(mut back) = url::Url::parse(&redirect) else {
            return Answer::text(400, "redirect_uri_mismatch").refused("redirect_uri is no address");
        };
        let code = self.code_for(whose, Some(redirect));
        if let Some(state) = asked.query("state") {
            back.query_pairs_mut().append_pair("state", &state);
        }
        back.query_pairs_mut().append_pair("code", &code);
        Answer::empty(302).with("location", back.to_string())
    }
}
