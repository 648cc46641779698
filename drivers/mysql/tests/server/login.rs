//! Ways to a server: TLS, unix socket, authentication plugins.

use std::path::Path;
use std::process::Command;

use decnet_db_core::config::Config;
use decnet_db_core::{Error, ErrorKind};

use crate::database::{Database, open};
use crate::private::{Private, is_mysql, with_options};

/// Makes an authority and a certificate for `localhost`, signed by it.
fn certificates(dir: &Path) {
    let run = |arguments: &str| {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(dir)
            .output()
            .expect("this test needs the program openssl");
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    };
    std::fs::write(dir.join("extensions"), "subjectAltName=DNS:localhost\n").unwrap();
    for authority in ["ca", "stranger"] {
        run(&format!(
            "req -x509 -newkey rsa:2048 -nodes -keyout {authority}.key -out {authority}.pem -subj /CN={authority} -days 30"
        ));
    }
    run("req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost");
    run(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 30 -extfile extensions",
    );
}

async fn cipher(url: &str) -> Result<String, Error> {
    let config = Config::new(url.parse().unwrap());
    let backend = decnet_db_mysql::DRIVER.backend(&config).await?;
    let mut sql = decnet_db_core::sql::Sql::new(backend.dialect());
    sql.push("SHOW STATUS LIKE 'Ssl_cipher'");
    let rows = backend.query(sql.finish()?).await?;
    let found = rows.decode(|row| {
        let _name: String = row.value("name")?;
        row.value::<String>("value")
    })?;
    let cipher = found.into_iter().next().unwrap_or_default();
    backend.close().await;
    Ok(cipher)
}

#[tokio::test]
async fn tls_is_as_the_url_says() {
    let dir = tempfile::Builder::new().prefix("decnet-mdb").tempdir().unwrap();
    certificates(dir.path());
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (ca, stranger) = (path("ca.pem"), path("stranger.pem"));
    let arguments =
        format!("--ssl-ca={ca} --ssl-cert={} --ssl-key={}", path("server.pem"), path("server.key"));
    let server = Private::start_in(dir, &arguments);
    let by_address = server.url();
    let by_name = by_address.replace("127.0.0.1", "localhost");
    for (url, options, encrypted) in [
        (&by_address, String::new(), false),
        (&by_address, "ssl-mode=off".into(), false),
        (&by_address, "ssl-mode=preferred".into(), true),
        (&by_address, "ssl-mode=required".into(), true),
        // The certificate is for localhost.
        (&by_address, format!("ssl-mode=verify-ca&ssl-ca={ca}"), true),
        (&by_name, format!("ssl-mode=verify-ca&ssl-ca={ca}"), true),
        (&by_name, format!("ssl-mode=verify-identity&ssl-ca={ca}"), true),
        (&by_name, format!("ssl_ca={ca}"), true),
        (&by_address, format!("ssl_ca={ca}&ssl_check_hostname=false"), true),
    ] {
        let cipher =
            cipher(&with_options(url, &options)).await.unwrap_or_else(|error| panic!("{options}: {error}"));
        assert_eq!(!cipher.is_empty(), encrypted, "{options}: {cipher:?}");
    }
    for (url, options) in [
        (&by_address, format!("ssl-mode=verify-identity&ssl-ca={ca}")),
        (&by_name, format!("ssl-mode=verify-identity&ssl-ca={stranger}")),
        (&by_name, format!("ssl-mode=verify-ca&ssl-ca={stranger}")),
        (&by_name, "ssl-mode=verify-ca".into()),
        (&by_address, format!("ssl_ca={ca}")),
    ] {
        let error = cipher(&with_options(url, &options)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{options}: {error}");
        assert!(error.to_string().contains("TLS"), "{options}: {error}");
    }
}

#[tokio::test]
async fn without_tls_at_the_server_only_preferred_goes_on() {
    let server = Private::start(if is_mysql() { "--tls-version=" } else { "--skip-ssl" });
    assert_eq!(cipher(&with_options(&server.url(), "ssl-mode=preferred")).await.unwrap(), "");
    let error = cipher(&with_options(&server.url(), "ssl-mode=required")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("offers no TLS"), "{error}");
}

#[tokio::test]
async fn sockets_and_modern_passwords() {
    let (arguments, identified) = if is_mysql() {
        ("", "WITH caching_sha2_password BY 'hunter2 +%'")
    } else {
        ("--plugin-load-add=auth_ed25519", "VIA ed25519 USING PASSWORD('hunter2 +%')")
    };
    let server = Private::start(arguments);
    let create = format!("CREATE USER modern@'%' IDENTIFIED {identified}; GRANT ALL ON *.* TO modern@'%'");
    server.script(&["sql", &create]);
    let url = server.url().replace("decnet:decnet@", "modern:hunter2%20+%25@");
    let database = Database::on(&server.url(), "CHARACTER SET utf8mb4").await;
    let repository = open(&Config::new(url.parse().unwrap())).await.unwrap();
    repository.ping().await.unwrap();
    repository.close().await;

    let socket = server.socket();
    let mut url: decnet_db_core::config::DatabaseUrl =
        "mysql://decnet:decnet@nowhere.invalid/x".parse().unwrap();
    url = url.with_database(&database.name).with_option("unix_socket", &socket);
    let repository = open(&Config::new(url)).await.unwrap();
    repository.initialize().await.unwrap();
    repository.close().await;
}
