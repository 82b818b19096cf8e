//! A workload that uses the Rust library `spiffe`. `client x509` prints its SVIDs
//! and bundles as one JSON object a line; the endpoint is SPIFFE_ENDPOINT_SOCKET.
//! Exit status: 0, 1 on failure, 2 on wrong usage.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use spiffe::WorkloadApiClient;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mode = std::env::args().nth(1);
    if mode.as_deref() != Some("x509") {
        eprintln!("usage: client x509");
        return ExitCode::from(2);
    }
    let failure = match tokio::time::timeout(Duration::from_secs(10), fetch_x509()).await {
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
