//! The modules of a crate, and which of them use what another one defines.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Item, ItemUse, UseTree, Visibility};
use xtask::workspace::TextFile;

/// The arrows between the files of a crate, each with the first line that makes it.
pub(super) type Arrows<'a> = BTreeMap<(&'a str, &'a str), usize>;

/// How many re-exports a name is followed through.
const MOST_STEPS: usize = 16;

/// The modules of a crate; the first one is its root.
pub(super) struct Modules<'a> {
    files: &'a [TextFile],
    modules: Vec<Module<'a>>,
}

struct Module<'a> {
    file: &'a str,
    /// The folder of the files of its child modules.
    folder: String,
    parent: usize,
    names: BTreeMap<String, Name>,
    /// The modules whose names are all imported here.
    globs: Vec<Vec<String>>,
    mentions: Vec<Mention>,
}

/// What a name in a module stands for.
#[derive(Clone)]
enum Name {
    Module(usize),
    Item,
    Import(Vec<String>),
}

/// A path and the line that it stands in.
struct Mention {
    path: Vec<String>,
    line: usize,
    is_import: bool,
}

impl<'a> Modules<'a> {
    /// Reads the crate of that root file.
    pub(super) fn of(root: &'a TextFile, files: &'a [TextFile]) -> Result<Self> {
        let folder = root.path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let mut modules = Self { files, modules: Vec::new() };
        modules.add(root, folder, 0)?;
        Ok(modules)
    }

    /// The arrows from file to file.
    pub(super) fn arrows(&self) -> Arrows<'a> {
        let mut arrows = Arrows::new();
        for (place, module) in self.modules.iter().enumerate() {
            for Mention { path, line, is_import } in &module.mentions {
                // A single word may be a variable that is called like a module.
                let target = self.resolve(place, path, MOST_STEPS);
                let target =
                    target.filter(|(_, is_module)| *is_import || !is_module || path.len() > 1);
                if let Some((target, _)) = target
                    && target != module.file
                {
                    let first = arrows.entry((module.file, target)).or_insert(*line);
                    *first = (*first).min(*line);
                }
            }
        }
        arrows
    }

    fn add(&mut self, file: &'a TextFile, folder: String, parent: usize) -> Result<usize> {
        let parsed = syn::parse_file(&file.text).with_context(|| file.path.clone())?;
        self.fill(&file.path, folder, parent, parsed.items)
    }

    fn fill(
        &mut self,
        file: &'a str,
        folder: String,
        parent: usize,
        items: Vec<Item>,
    ) -> Result<usize> {
        let place = self.modules.len();
        self.modules.push(Module {
            file,
            folder,
            parent,
            names: BTreeMap::new(),
            globs: Vec::new(),
            mentions: Vec::new(),
        });
        for item in items {
            self.read(place, item)?;
        }
        Ok(place)
    }

    fn read(&mut self, place: usize, item: Item) -> Result<()> {
        if attributes(&item).iter().any(is_for_tests) {
            return Ok(());
        }
        let (file, folder) = match self.modules.get(place) {
            Some(module) => (module.file, module.folder.clone()),
            None => return Ok(()),
        };
        let item = match item {
            Item::Mod(item) => {
                let name = item.ident.to_string();
                let below = format!("{folder}/{name}");
                let child = match item.content {
                    Some((_, items)) => self.fill(file, below, place, items)?,
                    None => {
                        let path = format!("{below}.rs");
                        let child = self.files.iter().find(|file| file.path == path);
                        let child = child.with_context(|| format!("{path} is missing"))?;
                        self.add(child, below, place)?
                    }
                };
                self.name(place, name, Name::Module(child));
                return Ok(());
            }
            item => item,
        };
        let Some(module) = self.modules.get_mut(place) else { return Ok(()) };
        if let Item::Use(item) = &item {
            module.import(item);
            return Ok(());
        }
        let tokens = item.to_token_stream();
        if let Some(name) = defined(&item) {
            // A function may be called like a module, which more paths lead through.
            module.names.entry(name).or_insert(Name::Item);
        }
        module.mention(tokens);
        Ok(())
    }

    fn name(&mut self, place: usize, name: String, stands_for: Name) {
        if let Some(module) = self.modules.get_mut(place) {
            module.names.insert(name, stands_for);
        }
    }

    /// The file that defines what the path of that module leads to, and whether it is a module.
    fn resolve(&self, place: usize, path: &[String], steps: usize) -> Option<(&'a str, bool)> {
        let mut current = place;
        let mut is_first = true;
        let mut rest = path;
        while let Some((name, further)) = rest.split_first() {
            match name.as_str() {
                "crate" => current = 0,
                "self" if is_first => {}
                "super" => current = self.modules.get(current)?.parent,
                name => match self.lookup(current, name) {
                    Some(Name::Module(child)) => current = child,
                    Some(Name::Item) => return Some((self.modules.get(current)?.file, false)),
                    Some(Name::Import(import)) => {
                        let path = [import.as_slice(), further].concat();
                        return self.resolve(current, &path, steps.checked_sub(1)?);
                    }
                    // Of another crate, or a variable.
                    None if is_first => return None,
                    // Made by a macro.
                    None => return Some((self.modules.get(current)?.file, false)),
                },
            }
            is_first = false;
            rest = further;
        }
        Some((self.modules.get(current)?.file, true))
    }

    fn lookup(&self, place: usize, name: &str) -> Option<Name> {
        let module = self.modules.get(place)?;
        if let Some(found) = module.names.get(name) {
            return Some(found.clone());
        }
        module.globs.iter().find_map(|glob| {
            let source = self.module(place, glob)?;
            let defines = source != place && self.modules.get(source)?.names.contains_key(name);
            defines.then(|| Name::Import([glob.as_slice(), &[name.to_owned()]].concat()))
        })
    }

    /// The module that a path made of modules leads to.
    fn module(&self, place: usize, path: &[String]) -> Option<usize> {
        path.iter().try_fold(place, |current, name| {
            let module = self.modules.get(current)?;
            match (name.as_str(), module.names.get(name)) {
                ("crate", _) => Some(0),
                ("self", _) => Some(current),
                ("super", _) => Some(module.parent),
                (_, Some(Name::Module(child))) => Some(*child),
                _ => None,
            }
        })
    }
}

impl Module<'_> {
    fn import(&mut self, item: &ItemUse) {
        let is_reexport = !matches!(item.vis, Visibility::Inherited);
        let line = line_of(item.to_token_stream());
        for (path, alias) in leaves(&item.tree, &[]) {
            match &alias {
                None => self.globs.push(path.clone()),
                // A trait that is imported for its methods has no name.
                Some(alias) if alias == "_" => {}
                Some(alias) => {
                    self.names.insert(alias.clone(), Name::Import(path.clone()));
                }
            }
            if !is_reexport {
                self.mentions.push(Mention { path, line, is_import: true });
            }
        }
    }

    /// Notes each path among the tokens.
    fn mention(&mut self, tokens: TokenStream) {
        let mut path = Vec::<String>::new();
        let mut line = 0;
        let mut joined = true;
        let mut colons = 0;
        let mut after_dot = false;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if joined && colons == 2 => path.push(ident.to_string()),
                TokenTree::Ident(ident) => {
                    self.note(&mut path, line);
                    line = ident.span().start().line;
                    if !after_dot {
                        path.push(ident.to_string());
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    joined = true;
                    colons += 1;
                    continue;
                }
                TokenTree::Punct(punct) => {
                    self.note(&mut path, line);
                    after_dot = punct.as_char() == '.';
                    joined = false;
                    colons = 0;
                    continue;
                }
                TokenTree::Group(group) => {
                    self.note(&mut path, line);
                    self.mention(group.stream());
                }
                TokenTree::Literal(_) => self.note(&mut path, line),
            }
            joined = true;
            colons = 0;
            after_dot = false;
        }
        self.note(&mut path, line);
    }

    fn note(&mut self, path: &mut Vec<String>, line: usize) {
        if !path.is_empty() {
            self.mentions.push(Mention { path: std::mem::take(path), line, is_import: false });
        }
    }
}

/// The paths of an import, each with the name that it has here; a glob has none.
fn leaves(tree: &UseTree, before: &[String]) -> Vec<(Vec<String>, Option<String>)> {
    let with = |name: String| [before, &[name]].concat();
    match tree {
        UseTree::Path(path) => leaves(&path.tree, &with(path.ident.to_string())),
        UseTree::Name(name) if name.ident == "self" => {
            vec![(before.to_vec(), before.last().cloned())]
        }
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            vec![(with(name.clone()), Some(name))]
        }
        UseTree::Rename(rename) => {
            let path = match rename.ident.to_string() {
                name if name == "self" => before.to_vec(),
                name => with(name),
            };
            vec![(path, Some(rename.rename.to_string()))]
        }
        UseTree::Glob(_) => vec![(before.to_vec(), None)],
        UseTree::Group(group) => group.items.iter().flat_map(|tree| leaves(tree, before)).collect(),
    }
}

/// The name that an item defines.
fn defined(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.to_token_stream().to_string().replace(' ', "") == "#[cfg(test)]"
}

fn line_of(tokens: TokenStream) -> usize {
    tokens.into_iter().next().map_or(0, |token| token.span().start().line)
}
