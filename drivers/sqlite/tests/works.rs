//! The contract, end to end, through the registry.

mod common;

use common::{connect, log};
use decnet_db_core::contract::{LogFilter, LogQuery};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for url in [format!("sqlite:///{}/a b#%3F.db", folder.path().display()), "sqlite:///:memory:".to_owned()]
    {
        let repository = connect(&url).await.unwrap();
        let done = repository.initialize().await.unwrap();
        assert!(done.created > 0, "{done:?}");
        assert_eq!(repository.initialize().await.unwrap().created, 0);
        repository.add_logs(vec![log("one"), log("two ROOT")]).await.unwrap();
        assert_eq!(repository.get_total_logs(LogFilter::default()).await.unwrap(), 2);
        let found = repository.get_logs(LogQuery::search("root")).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].raw_line, "two ROOT");
        assert!(!repository.ping().await.unwrap().version.is_empty());
        repository.close().await;
        assert!(repository.add_log(log("late")).await.unwrap_err().is_retryable());
        assert!(repository.get_total_logs(LogFilter::default()).await.unwrap_err().is_retryable());
        assert!(repository.initialize().await.unwrap_err().is_retryable());
        assert!(repository.ping().await.unwrap_err().is_retryable());
        assert_eq!(repository.pool().open, 0);
    }
    assert!(folder.path().join("a b#?.db").exists());
    // The last one to leave moves the log into the file.
    assert!(!folder.path().join("a b#?.db-wal").exists());
}
