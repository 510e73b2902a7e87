//! Models that belong together, with everything found by its key.

use std::collections::HashMap;

use crate::dmn::feel::Names;
use crate::dmn::read::{Boxed, Element, ElementKind, Logic, Model, read_model};

/// A model and those it imports.
pub(crate) struct Package {
    pub models: Vec<Model>,
    elements: HashMap<String, (usize, usize)>,
    /// Names for the parser that no scope decides, for each model.
    names: Vec<Names>,
}

impl Package {
    /// Reads models; the first is the one that is asked.
    pub fn read(texts: &[&str]) -> Result<Package, String> {
        let models: Result<Vec<Model>, String> =
            texts.iter().map(|text| read_model(text)).collect();
        let models = models?;
        let mut elements = HashMap::new();
        for (place, model) in models.iter().enumerate() {
            for (index, element) in model.elements.iter().enumerate() {
                elements.entry(element.id.clone()).or_insert((place, index));
            }
        }
        let fields = fields(&models);
        let names = models.iter().map(|model| with_types(fields.clone(), model)).collect();
        Ok(Package { models, elements, names })
    }

    /// The element with this key, and its model.
    pub fn element(&self, key: &str) -> Option<(usize, &Element)> {
        let (model, index) = self.elements.get(key)?;
        Some((*model, self.models.get(*model)?.elements.get(*index)?))
    }

    /// An element of the first model by name.
    pub fn named(&self, name: &str, fits: impl Fn(&ElementKind) -> bool) -> Option<&Element> {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut elements = self.models.iter().flat_map(|model| &model.elements);
        elements.find(|element| element.name == name && fits(&element.kind))
    }

    pub fn names(&self, model: usize) -> Names {
        self.names.get(model).cloned().unwrap_or_default()
    }

    /// The name by which `model` knows `other`, if it must be said.
    pub fn prefix(&self, model: usize, other: usize) -> Option<&str> {
        if model == other {
            return None;
        }
        let namespace = &self.models.get(other)?.namespace;
        let imports = &self.models.get(model)?.imports;
        let import = imports.iter().find(|(_, found)| found == namespace)?;
        Some(import.0.as_str()).filter(|name| !name.is_empty())
    }

    /// The model that `model` knows under a name.
    pub fn imported(&self, model: usize, name: &str) -> Option<usize> {
        let imports = &self.models.get(model)?.imports;
        let (_, namespace) = imports.iter().find(|(known, _)| known == name)?;
        self.models.iter().position(|model| model.namespace == *namespace)
    }
}

/// The names of all fields, in every model.
fn fields(models: &[Model]) -> Names {
    let mut names = Names::default();
    for model in models {
        let mut open: Vec<_> = model.types.iter().collect();
        while let Some(definition) = open.pop() {
            for component in &definition.components {
                names.field(&component.name);
                open.push(component);
            }
        }
        for element in &model.elements {
            names.field(&element.name);
            if let ElementKind::Decision(Some(logic)) | ElementKind::Function(Some(logic)) =
                &element.kind
            {
                within(logic, &mut names);
            }
        }
    }
    names
}

/// The names of fields that a box makes.
fn within(boxed: &Boxed, names: &mut Names) {
    match &boxed.logic {
        Logic::Context(entries) => {
            for (name, _, value) in entries {
                names.field(name.as_deref().unwrap_or_default());
                within(value, names);
            }
        }
        Logic::Relation(columns, rows) => {
            columns.iter().for_each(|column| names.field(column));
            rows.iter().flatten().for_each(|cell| within(cell, names));
        }
        Logic::List(items) => items.iter().for_each(|item| within(item, names)),
        Logic::Invocation(_, bindings) => bindings.iter().for_each(|(_, b)| within(b, names)),
        Logic::Function(function) => {
            if let Some(body) = &function.body {
                within(body, names);
            }
        }
        Logic::Table(table) => table.outputs.iter().for_each(|output| names.field(&output.text)),
        Logic::Conditional(parts) => parts.iter().for_each(|part| within(part, names)),
        Logic::For { list, body, .. } | Logic::Quantified { list, body, .. } => {
            within(list, names);
            within(body, names);
        }
        Logic::Filter { list, condition } => {
            within(list, names);
            within(condition, names);
        }
        Logic::Literal(_) | Logic::Unknown(_) => {}
    }
}

fn with_types(mut names: Names, model: &Model) -> Names {
    for definition in &model.types {
        names.a_type(&definition.name);
    }
    names
}
