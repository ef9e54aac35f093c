//! A Dockerfile as its instructions.
use crate::read;

/// The instructions of one, comments gone and continued lines joined.
pub(crate) struct Dockerfile(Vec<(String, String)>);

impl Dockerfile {
    pub(crate) fn read(path: &str) -> Self {
        let text = read(path);
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
        let instructions = joined.lines().filter(|line| !line.trim().is_empty());
        Self(
            instructions
                .map(|line| line.split_once(' ').unwrap())
                .map(|(name, rest)| (name.into(), rest.into()))
                .collect(),
        )
    }

    /// What follows each instruction of this name.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        Self::named(&self.0, name)
    }

    /// The same, in the stage of this name alone; the last one has none.
    pub(crate) fn stage(&self, stage: &str, name: &str) -> Vec<&str> {
        let mut stages = self.0.split(|(name, _)| name == "FROM").skip(1);
        let names: Vec<&str> =
            self.all("FROM").iter().map(|from| from.split_once(" AS ").map_or("", |(_, name)| name)).collect();
        let position = names.iter().position(|name| *name == stage).unwrap_or_else(|| panic!("no stage {stage}"));
        Self::named(stages.nth(position).unwrap(), name)
    }

    fn named<'a>(instructions: &'a [(String, String)], name: &str) -> Vec<&'a str> {
        instructions.iter().filter(|(own, _)| own == name).map(|(_, rest)| rest.as_str()).collect()
    }

    /// What a stage copies of the build's context, each path without its end.
    pub(crate) fn copied(&self, stage: &str) -> Vec<&str> {
        let copies = self.stage(stage, "COPY").into_iter().filter(|copy| !copy.contains("--from="));
        copies.map(|copy| copy.split_whitespace().next().unwrap()).collect()
    }

    /// The command of the health check.
    pub(crate) fn healthcheck(&self) -> Vec<String> {
        let checks = self.stage("", "HEALTHCHECK");
        let [check] = checks.as_slice() else { panic!("one HEALTHCHECK, not {checks:?}") };
        serde_json::from_str(check.split_once("CMD ").unwrap().1).expect("the form that needs no shell")
    }
}
