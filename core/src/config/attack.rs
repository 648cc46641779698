//! The catalogue of ATT&CK techniques: names and addresses by id.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use once_cell::sync::OnceCell;
use serde::Deserialize;

use super::Settings;
use crate::error::{Error, Result};

/// What is known of ATT&CK techniques beside their ids: nothing, unless the caller gives it or names a file.
///
/// The file is a STIX bundle, such as MITRE's `enterprise-attack.json`. It is read at the first use; nothing is downloaded.
///
/// ```
/// use decnet_db_core::config::{AttackCatalogue, AttackTechnique};
///
/// let catalogue = AttackCatalogue::of([AttackTechnique::new("T1110", "Brute Force", "https://attack.mitre.org/techniques/T1110")]);
/// ```
#[derive(Clone, Default)]
pub struct AttackCatalogue(Arc<Source>);

#[derive(Default)]
struct Source {
    file: Option<PathBuf>,
    techniques: OnceCell<Techniques>,
}

/// The techniques of a catalogue by id.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Techniques(BTreeMap<String, (String, Option<String>)>);

/// A technique or sub-technique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttackTechnique {
    id: String,
    name: String,
    url: Option<String>,
}

impl AttackTechnique {
    /// The technique with this id, name and page.
    pub fn new(id: impl Into<String>, name: impl Into<String>, url: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), url: Some(url.into()) }
    }
}

/// What the catalogue says of a technique and its sub-technique.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) technique: Option<String>,
    pub(crate) sub_technique: Option<String>,
    pub(crate) url: Option<String>,
}

impl AttackCatalogue {
    /// A catalogue of these techniques; sub-techniques are those whose id has a point.
    pub fn of(techniques: impl IntoIterator<Item = AttackTechnique>) -> Self {
        let techniques =
            techniques.into_iter().map(|technique| (technique.id, (technique.name, technique.url)));
        let techniques = OnceCell::with_value(Techniques(techniques.collect()));
        Self(Arc::new(Source { file: None, techniques }))
    }

    /// The catalogue that a STIX bundle has, read at the first use.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Source { file: Some(path.into()), techniques: OnceCell::new() }))
    }

    /// The file that `DECNET_ATTACK_BUNDLE` names, or nothing.
    pub fn from_settings(settings: &Settings) -> Self {
        settings.text("DECNET_ATTACK_BUNDLE").map(Self::file).unwrap_or_default()
    }

    /// The techniques.
    ///
    /// # Errors
    /// Configuration that names the file, when it can't be read; it is tried again by the next call.
    pub(crate) async fn load(&self) -> Result<&Techniques> {
        if self.0.techniques.get().is_none() {
            let this = self.clone();
            let read = tokio::task::spawn_blocking(move || this.0.read().map(drop)).await;
            read.map_err(|error| {
                Error::backend("reading the ATT&CK catalogue did not end".to_owned(), error)
            })??;
        }
        self.0.read()
    }
}

impl Source {
    fn read(&self) -> Result<&Techniques> {
        self.techniques.get_or_try_init(|| self.file.as_deref().map_or(Ok(Techniques::default()), read))
    }
}

impl Techniques {
    /// What is known of a technique and, if there is one, its sub-technique.
    pub(crate) fn names(&self, technique: &str, sub_technique: Option<&str>) -> Names {
        let url = self.0.get(sub_technique.unwrap_or(technique)).and_then(|(_, url)| url.clone());
        let sub_technique = sub_technique.and_then(|id| self.name(id));
        Names { technique: self.name(technique), sub_technique, url }
    }

    /// `Parent: Child` for a sub-technique.
    fn name(&self, id: &str) -> Option<String> {
        let (name, _) = self.0.get(id)?;
        let parent = id.split_once('.').and_then(|(parent, _)| self.0.get(parent));
        Some(parent.map_or_else(|| name.clone(), |(parent, _)| format!("{parent}: {name}")))
    }
}

/// The techniques of a STIX bundle. One that was revoked or deprecated counts where no other has its id.
fn read(path: &Path) -> Result<Techniques> {
    #[derive(Deserialize)]
    struct Bundle {
        objects: Vec<Object>,
    }
    #[derive(Deserialize)]
    struct Object {
        #[serde(rename = "type", default)]
        kind: String,
        #[serde(default)]
        name: String,
        #[serde(default)]
        revoked: bool,
        #[serde(default)]
        x_mitre_deprecated: bool,
        #[serde(default)]
        external_references: Vec<Reference>,
    }
    #[derive(Deserialize)]
    struct Reference {
        #[serde(default)]
        source_name: String,
        external_id: Option<String>,
        url: Option<String>,
    }
    let broken = |reason: String| {
        Error::configuration(format!(
            "{}, the catalogue of ATT&CK techniques (DECNET_ATTACK_BUNDLE), can't be read: {reason}",
            path.display()
        ))
    };
    let file = File::open(path).map_err(|error| broken(error.to_string()))?;
    let bundle: Bundle =
        serde_json::from_reader(BufReader::new(file)).map_err(|error| broken(error.to_string()))?;
    let mut techniques = BTreeMap::new();
    for object in bundle.objects.into_iter().filter(|object| object.kind == "attack-pattern") {
        let Object { name, revoked, x_mitre_deprecated, external_references, .. } = object;
        let mitre = external_references.into_iter().find(|reference| reference.source_name == "mitre-attack");
        let Some(Reference { external_id: Some(id), url, .. }) = mitre else { continue };
        if revoked || x_mitre_deprecated {
            techniques.entry(id).or_insert((name, url));
        } else {
            techniques.insert(id, (name, url));
        }
    }
    Ok(Techniques(techniques))
}

/// Catalogues are the same when they come from the same file, or have the same techniques.
impl PartialEq for AttackCatalogue {
    fn eq(&self, other: &Self) -> bool {
        self.0.file == other.0.file
            && (self.0.file.is_some() || self.0.techniques.get() == other.0.techniques.get())
    }
}

impl Eq for AttackCatalogue {}

impl fmt::Debug for AttackCatalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let techniques = self.0.techniques.get().map(|techniques| techniques.0.len());
        f.debug_struct("AttackCatalogue")
            .field("file", &self.0.file)
            .field("techniques", &techniques)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_bundle_is_read_at_the_first_use() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("attack.json");
        let settings = Settings::from_map([("DECNET_ATTACK_BUNDLE", path.to_str().unwrap())]);
        let catalogue = AttackCatalogue::from_settings(&settings);
        let error = catalogue.load().await.unwrap_err();
        assert!(error.to_string().contains("attack.json"), "{error}");
        let technique = |id: &str, name: &str, revoked| {
            serde_json::json!({
                "type": "attack-pattern", "name": name, "revoked": revoked,
                "external_references": [{"source_name": "mitre-attack", "external_id": id, "url": format!("u/{id}")}],
            })
        };
        let objects = [
            technique("T1059", "Old", true),
            technique("T1059", "Interpreter", false),
            technique("T1059", "Older", true),
            technique("T1059.004", "Unix Shell", false),
            serde_json::json!({"type": "identity", "name": "x"}),
        ];
        std::fs::write(&path, serde_json::json!({"type": "bundle", "objects": objects}).to_string()).unwrap();
        let techniques = catalogue.load().await.unwrap();
        let names = techniques.names("T1059", Some("T1059.004"));
        assert_eq!(names.technique.as_deref(), Some("Interpreter"));
        assert_eq!(names.sub_technique.as_deref(), Some("Interpreter: Unix Shell"));
        assert_eq!(names.url.as_deref(), Some("u/T1059.004"));
        // An unknown sub-technique does not fall back to its parent.
        let names = techniques.names("T1059", Some("T1059.999"));
        assert_eq!(
            (names.technique.as_deref(), names.sub_technique, names.url),
            (Some("Interpreter"), None, None)
        );
    }

    #[tokio::test]
    async fn without_a_catalogue_nothing_is_known() {
        let catalogue = AttackCatalogue::from_settings(&Settings::from_map([("", ""); 0]));
        assert_eq!(catalogue.load().await.unwrap().names("T1059", None), Names::default());
    }
}
