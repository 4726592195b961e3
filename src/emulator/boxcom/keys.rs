//! What an app needs to connect to the emulated Box tenant: identifiers, secrets, a JWT key file, webhook keys.
//!
//! All of it is public and opens nothing but the emulator.

use serde_json::{Value, json};

/// The app's client id.
pub const CLIENT_ID: &str = "emulatorboxclient0123456789abcde";
/// The app's client secret.
pub const CLIENT_SECRET: &str = "emulator-box-client-secret-00000";
/// The company's enterprise id.
pub const ENTERPRISE_ID: &str = "10000001";
/// The enterprise id of the partner's company.
pub const PARTNER_ENTERPRISE_ID: &str = "20000002";
/// The `kid` of the app's public key.
pub const PUBLIC_KEY_ID: &str = "emu1kid0";
/// What the private key is encrypted with.
pub const PASSPHRASE: &str = "emulator-passphrase";
/// The app's private key as the console hands it out: PKCS#8, encrypted with triple DES. See `app_key.note.md`.
pub const PRIVATE_KEY_PEM: &str = include_str!("app_key.pem");
/// The public half, which assertions are verified with (PKCS#1 `RSAPublicKey`).
pub(super) const PUBLIC_KEY_DER: &[u8] = include_bytes!("app_key_public.der");
/// The webhook signature keys, primary and secondary.
pub const SIGNATURE_KEYS: [&str; 2] = ["emulatorprimarykey00000000000000", "emulatorsecondarykey000000000000"];
/// The only audience an assertion may name, whatever host the emulator listens on.
pub const AUDIENCE: &str = "https://api.box.com/oauth2/token";
/// The login of the app's service account.
pub const SERVICE_LOGIN: &str = "AutomationUser_1_emulator@boxdevedition.com";

/// The JWT configuration file of the app, in the shape of the developer console's download.
#[must_use]
pub fn app_config() -> Value {
    json!({
        "boxAppSettings": {
            "clientID": CLIENT_ID,
            "clientSecret": CLIENT_SECRET,
            "appAuth": {
                "publicKeyID": PUBLIC_KEY_ID,
                "privateKey": PRIVATE_KEY_PEM,
                "passphrase": PASSPHRASE,
            },
        },
        "enterpriseID": ENTERPRISE_ID,
    })
}

/// [`app_config`] as the text of the file.
#[must_use]
pub fn jwt_key_file() -> String {
    format!("{:#}", app_config())
}
