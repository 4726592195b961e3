//! What to click at the providers before a tenant can be connected, as text for people.

use crate::provider::dropbox;
use crate::provider::settings::BoxAuth;

/// Which of Box's kinds of authentication is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BoxWay {
    /// Client credentials.
    Credentials,
    /// JWT with a key file.
    Jwt,
    /// An admin's consent.
    User,
}

impl BoxWay {
    /// The way of a connector that is there already.
    pub(super) fn of(auth: &BoxAuth) -> Self {
        match auth {
            BoxAuth::ClientCredentials { .. } => BoxWay::Credentials,
            BoxAuth::Jwt { .. } => BoxWay::Jwt,
            BoxAuth::User { .. } => BoxWay::User,
        }
    }

    /// Its name in the settings file.
    pub(super) fn name(self) -> &'static str {
        match self {
            BoxWay::Credentials => "client_credentials",
            BoxWay::Jwt => "jwt",
            BoxWay::User => "user",
        }
    }

    /// Its name in Box's console.
    fn console(self) -> &'static str {
        match self {
            BoxWay::Credentials => "Server Authentication (Client Credentials Grant)",
            BoxWay::Jwt => "Server Authentication (with JWT)",
            BoxWay::User => "User Authentication (OAuth 2.0)",
        }
    }
}

/// Box: what to create, and where an admin approves it.
pub(super) fn of_box(way: BoxWay, redirect: &str) -> String {
    let mut text = format!(
        "At Box, once:\n\
         \x20 1. https://app.box.com/developers/console: Create Platform App > Custom App > {}\n\
         \x20 2. Tab Configuration > App Access Level: App + Enterprise Access\n\
         \x20    Application Scopes, to read: Read all files and folders stored in Box, Manage users,\n\
         \x20    Manage groups, Manage enterprise properties\n\
         \x20    To act later as well: Write all files and folders stored in Box, Manage webhooks;\n\
         \x20    with Box Governance: Manage legal hold policies, Manage retention policies\n",
        way.console()
    );
    if way == BoxWay::User {
        text.push_str(&format!(
            "\x20    OAuth 2.0 Redirect URI: {redirect}\n\
             \x20 3. Same tab, OAuth 2.0 Credentials: the client ID and the client secret are asked for below\n\
             \x20 4. If the company restricts apps, an admin: Admin Console > Integrations > Platform Apps Manager >\n\
             \x20    User Authentication Apps > the app > Enable\n"
        ));
        return text;
    }
    text.push_str(
        "\x20    Advanced Features: Make API calls using the as-user header\n\
         \x20 3. Tab Authorization > Review and Submit\n\
         \x20 4. An admin: Admin Console > Integrations > Platform Apps Manager > Server Authentication Apps > the app >\n\
         \x20    Authorize App (again after each change of scopes: Reauthorize App)\n",
    );
    text.push_str(match way {
        BoxWay::Jwt => {
            "  5. Tab Configuration > Generate a Public/Private Keypair: keep the JSON file, `chmod 600` it\n"
        }
        _ => "  5. Tab Configuration: client ID and client secret; tab General Settings: Enterprise ID\n",
    });
    text
}

/// Dropbox: what to create.
pub(super) fn of_dropbox() -> String {
    format!(
        "At Dropbox, once:\n\
         \x20 1. https://www.dropbox.com/developers/apps: Create app > Scoped access > Full Dropbox\n\
         \x20 2. Tab Permissions, to read: {}\n\
         \x20    To act later as well: {}\n\
         \x20    Submit. (After a change of permissions the app must be linked again: --again)\n\
         \x20 3. Tab Settings: the app key and the app secret are asked for below\n\
         \x20 4. If the team restricts apps, a team admin: Admin console > Settings > Integrations > allow the app\n",
        wrapped(&dropbox::auth::scopes()),
        wrapped(&dropbox::auth::acting_scopes())
    )
}

/// Words with commas, a few on each line.
fn wrapped(words: &[&str]) -> String {
    words.chunks(4).map(|some| some.join(", ")).collect::<Vec<_>>().join(",\n     ")
}
