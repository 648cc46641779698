//! Attackers' text on the page: shown, and never more than text.

use decnet_db::contract::{Attacker, NewBounty, NewLog};
use decnet_db::sql::Changeset;
use decnet_db::time::Timestamp;
use serde_json::json;

use crate::service::Service;
use crate::with_browser;

/// Would be seen if anything of it ran.
const MARKUP: &str = "<img src=x onerror=\"window.ran=1;alert(1)\"><script>window.ran=2</script><b>bold</b>";
const UNSEEN: &str = "a\u{0}b\u{1b}[31mc\u{202e}gpj.exe\u{200f}\u{2066}d\u{feff}e\nf\u{7f}\u{85}g";
/// What is shown of it.
const SEEN: &str = "aNULbESC[31mcRLOgpj.exeRLMLRIdBOMeLFfDELU+0085g";

#[test]
fn hostile_rows_are_text() {
    with_browser(async |browser| {
        let service = Service::start().await;
        let repository = &service.repository;
        let event = |text: &str| {
            NewLog::new(text, "ssh", text, text)
                .raw_line(text)
                .msg(text)
                .fields(json!({"username": text, "password": text, "session": text, text: text}))
        };
        let now = Timestamp::now();
        for text in [MARKUP, UNSEEN] {
            let attacker = Changeset::new()
                .set(Attacker::IP, text)
                .set(Attacker::FIRST_SEEN, now)
                .set(Attacker::LAST_SEEN, now)
                .set(Attacker::SERVICES, json!([text]).to_string())
                .set(Attacker::TRAVERSAL_PATH, Some(text))
                .set(Attacker::COMMANDS, json!([{"command_text": text, "service": text}]).to_string());
            repository.upsert_attacker(attacker).await.unwrap();
            let bounty = NewBounty::new("d", "s", text, "credential").payload(json!({ text: text }));
            repository.add_bounty(bounty).await.unwrap();
        }
        // Stored before the page is opened, and while it is.
        repository.add_log(event(MARKUP)).await.unwrap();
        service.sign_in(&browser).await;
        repository.add_log(event(UNSEEN)).await.unwrap();
        let line = |row: usize| {
            format!(
                "return document.querySelectorAll('tr.event')[{row}]?.querySelector('.c-line').textContent"
            )
        };
        browser.until(&format!("return (() => {{ {} }})().includes({})", line(0), json!(SEEN))).await;
        assert!(browser.run(&line(1)).await.as_str().unwrap().contains(MARKUP));

        for row in [0, 1] {
            browser.run(&format!("document.querySelectorAll('tr.event button.open')[{row}].click()")).await;
        }
        browser.until("return document.querySelectorAll('tr.details:not([hidden]) dl').length === 2").await;
        let details = browser.text("tr.details:not([hidden]) dl").await;
        assert!(details.contains(SEEN) && !details.contains('\u{202e}'), "{details}");
        browser.look(1100, 900, false).await;
        browser.run("document.querySelector('.events').scrollIntoView()").await;
        browser.screenshot("hostile").await;

        for hash in ["#/bounties", "#/attackers"] {
            browser.run(&format!("location.hash = '{hash}'")).await;
            browser.until("return document.querySelectorAll('table.plain tbody tr').length > 2").await;
            let text = browser.run("return document.querySelector('main').textContent").await;
            let text = text.as_str().unwrap().to_owned();
            assert!(text.contains(SEEN) && text.contains("<img src=x onerror="), "{hash}: {text}");
        }
        // Its own page, and that of its session, by links that hold such names.
        for seen in [MARKUP, SEEN] {
            browser.run("location.hash = '#/attackers'").await;
            let open = format!(
                "const link = [...document.querySelectorAll('table.plain tbody a')].find(a => a.textContent === {}); \
                 link?.click(); return link !== undefined",
                json!(seen)
            );
            browser.until(&open).await;
            browser
                .until(&format!("return document.querySelector('h1')?.textContent === {}", json!(seen)))
                .await;
            browser.until("return document.querySelector('.chips a')").await;
            browser.run("document.querySelector('.chips a').click()").await;
            let title = format!("Session {seen}");
            browser
                .until(&format!("return document.querySelector('h1')?.textContent === {}", json!(title)))
                .await;
            browser.until("return document.querySelectorAll('tr.event').length === 1").await;
        }
        // What is found by a click on such a name is what has it.
        browser.run("location.hash = '#/'").await;
        browser.until("return document.querySelectorAll('tr.event').length === 50").await;
        browser.click("tr.event .c-source button").await;
        browser.until("return document.querySelectorAll('tr.event').length === 1").await;
        browser.until(&format!("return (() => {{ {} }})().includes({})", line(0), json!(SEEN))).await;

        assert_eq!(browser.run("return window.ran ?? null").await, serde_json::Value::Null);
        assert_eq!(
            browser.run("return document.querySelectorAll('img, main script, main b').length").await,
            0
        );
        // Also what was refused by the policy would be here.
        assert_eq!(browser.complaints().await, "");
    });
}
