//! A workload that uses the Rust library `spiffe`. `client x509` prints its SVIDs
//! and bundles as one JSON object a line, `client jwt AUDIENCE` its tokens, JWT bundles and
//! that the daemon believes them; the endpoint is SPIFFE_ENDPOINT_SOCKET.
//! Exit status: 0, 1 on failure, 2 on wrong usage.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use spiffe::WorkloadApiClient;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let fetch = async {
        match words.as_slice() {
            ["x509"] => fetch_x509().await,
            ["jwt", audience] => fetch_jwt(audience).await,
            _ => {
                eprintln!("usage: client x509 | jwt AUDIENCE");
                std::process::exit(2)
            }
        }
    };
    let failure = match tokio::time::timeout(Duration::from_secs(10), fetch).await {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer within 10 s".to_owned(),
    };
    eprintln!("client: {failure}");
    ExitCode::FAILURE
}

async fn fetch_x509() -> Result<(), Box<dyn Error>> {
    let client = WorkloadApiClient::connect_env().await?;
    for svid in client.fetch_all_x509_svids().await? {
        println!(
            r#"{{"kind":"x509_svid","spiffe_id":"{}","hint":"{}","chain":{}}}"#,
            svid.spiffe_id(),
            svid.hint().unwrap_or_default(),
            svid.cert_chain().len()
        );
    }
    for (trust_domain, bundle) in client.fetch_x509_bundles().await?.iter() {
        println!(
            r#"{{"kind":"x509_bundle","trust_domain":"{}","authorities":{}}}"#,
            trust_domain,
            bundle.authorities().len()
        );
    }
    Ok(())
}

async fn fetch_jwt(audience: &str) -> Result<(), Box<dyn Error>> {
    let client = WorkloadApiClient::connect_env().await?;
    for (trust_domain, bundle) in client.fetch_jwt_bundles().await?.iter() {
        println!(
            r#"{{"kind":"jwt_bundle","trust_domain":"{}","authorities":{}}}"#,
            trust_domain,
            bundle.jwt_authorities().count()
        );
    }
    for svid in client.fetch_all_jwt_svids([audience], None).await? {
        println!(
            r#"{{"kind":"jwt_svid","spiffe_id":"{}","hint":"{}"}}"#,
            svid.spiffe_id(),
            svid.hint().unwrap_or_default()
        );
        let believed = client.validate_jwt_token(audience, svid.token()).await?;
        println!(
            r#"{{"kind":"believed","by":"daemon","spiffe_id":"{}"}}"#,
            believed.spiffe_id()
        );
    }
    Ok(())
}
