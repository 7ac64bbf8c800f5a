//! What the documentation says about the program.

use super::program::done;

const README: &str = include_str!("../../../../README.md");

#[test]
fn the_readme_tells_of_every_setting() {
    let folder = tempfile::tempdir().unwrap();
    let help = done(folder.path(), &["serve", "--help"]);
    let is_setting = |word: &&str| word.starts_with("CONTACT_HUB_");
    let settings = help.split(|c: char| !c.is_ascii_uppercase() && c != '_').filter(is_setting);
    let settings = settings.collect::<Vec<_>>();
    assert!(settings.len() > 5, "{help}");
    for setting in settings {
        assert!(README.contains(setting), "README.md lacks {setting}");
    }
}
