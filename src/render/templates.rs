//! The templates that users can replace, for those who list, show and check them.

use super::{
    mistakes::{Mistake, mistakes, writers},
    source::{Readers, Source},
    tables::templates_of_all_artifacts,
    variables::{Shape, shape},
};

/// A template of sfgen.
#[derive(Clone, Copy)]
pub struct Template(Source);

/// All templates, in the order of the tables.
#[must_use]
pub fn templates() -> Vec<Template> {
    templates_of_all_artifacts().into_iter().map(Template).collect()
}

/// The helpers that write a value in the way that a format wants.
#[must_use]
pub fn helpers() -> Vec<&'static str> {
    writers().collect()
}

impl Template {
    /// Its path below `templates/`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &'static str {
        self.0.text
    }

    /// The path in the tree of what it makes; names in capitals stand for those of the plan.
    #[must_use]
    pub fn makes(&self) -> &'static str {
        self.0.makes
    }

    /// What that is for, as the end of a sentence.
    #[must_use]
    pub fn purpose(&self) -> &'static str {
        self.0.purpose
    }

    /// Who reads it.
    #[must_use]
    pub fn readers(&self) -> Readers {
        self.0.readers
    }

    /// The variables that it may mention.
    #[must_use]
    pub fn variables(&self) -> Shape {
        shape(&(self.0.view)())
    }

    /// Everything that is wrong with a text in its place, whatever it is filled in with.
    #[must_use]
    pub fn mistakes(&self, text: &str) -> Vec<Mistake> {
        mistakes(text, &self.variables())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::variables::Variable;

    #[test]
    fn the_own_templates_mention_what_their_views_declare() {
        for template in templates() {
            assert_eq!(template.mistakes(template.text()), [], "{}", template.name());
        }
    }

    #[test]
    fn every_variable_says_what_it_means() {
        fn look(template: &str, variables: &[Variable]) {
            for variable in variables {
                assert!(!variable.meaning.is_empty(), "{template}: {}", variable.name);
                look(template, variable.shape.inside());
            }
        }
        for template in templates() {
            let variables = template.variables();
            assert!(!variables.inside().is_empty(), "{}", template.name());
            look(template.name(), variables.inside());
        }
    }
}
