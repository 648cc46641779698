//! How the page looks: on a desk and on a phone, light and dark.

use crate::service::Service;
use crate::with_browser;

#[test]
fn it_fits_and_can_be_read_at_every_size_and_in_every_light() {
    with_browser(async |browser| {
        let service = Service::start().await;
        browser.look(1100, 900, false).await;
        browser.open(&service.url).await;
        browser.until("return document.querySelector('form')").await;
        browser.screenshot("sign-in-1100-light").await;
        service.sign_in(&browser).await;
        browser.run("location.hash = '#/bounties'").await;
        let link = "return document.querySelector('table.plain td[data-name=Attacker]')?.innerText";
        let ip = browser.until(link).await;
        let uuid = service.repository.get_attacker_uuid_by_ip(ip.as_str().unwrap()).await.unwrap().unwrap();
        for (width, height) in [(1100, 1000), (400, 1600)] {
            for dark in [false, true] {
                browser.look(width, height, dark).await;
                for (name, hash, there) in [
                    ("events", "#/", "tr.event:nth-child(99)"),
                    ("attackers", "#/attackers", "table.plain tbody tr:nth-child(50)"),
                    ("attacker", &*format!("#/attackers/{uuid}"), "tr.event"),
                    ("deckies", "#/deckies", "table.plain tbody tr"),
                    ("health", "#/health", ".facts"),
                ] {
                    browser.run(&format!("location.hash = '{hash}'")).await;
                    browser.until(&format!("return document.querySelector('{there}')")).await;
                    if name == "events" || name == "attacker" {
                        browser.until("return document.querySelector('.bars rect')").await;
                    }
                    if name == "events" {
                        browser.until("return document.querySelectorAll('.top li .count').length > 12").await;
                    }
                    let light = if dark { "dark" } else { "light" };
                    browser.screenshot(&format!("{name}-{width}-{light}")).await;
                    let wide = browser.run("return document.documentElement.scrollWidth").await;
                    assert_eq!(wide, width, "{name} is wider than the window");
                    let faint = browser.run(CONTRAST).await;
                    assert_eq!(faint, serde_json::json!([]), "{name}, {light}: text that can't be read");
                }
            }
        }
        assert_eq!(browser.complaints().await, "");
    });
}

/// Texts whose contrast with what is behind them is below 4.5, which WCAG's level AA asks for.
const CONTRAST: &str = r#"
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const rgba = (colour) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return canvas.getImageData(0, 0, 1, 1).data;
};
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const faint = new Set();
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const style = getComputedStyle(element);
  if (!own || element.checkVisibility?.({ opacityProperty: true, visibilityProperty: true }) === false) continue;
  if (element.closest(".hidden, .skip, :disabled, [aria-hidden=true], noscript, tr.new")) continue;
  let behind = element;
  while (behind && rgba(getComputedStyle(behind).backgroundColor)[3] < 255) behind = behind.parentElement;
  const pair = [light(rgba(style.color)), behind ? light(rgba(getComputedStyle(behind).backgroundColor)) : 1].sort();
  const contrast = (pair[1] + 0.05) / (pair[0] + 0.05);
  if (contrast < 4.5) faint.add(`${element.className || element.tagName} ${contrast.toFixed(1)}`);
}
return [...faint];
"#;
