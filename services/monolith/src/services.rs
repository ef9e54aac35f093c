//! The five services, built as their own binaries build them but for what they share: one bus, and no network between
//! ticket and vacancy.
use std::sync::Arc;

use kit::{
    About, Context, Module, StartError,
    bus::{Bus, KafkaBus, MemoryBus},
    metrics::Metrics,
    serve::Running,
    telemetry::span,
};
use tracing::Instrument;

use crate::{
    local_vacancy::LocalVacancy,
    settings::{Part, Settings},
};

/// A service at work.
pub(crate) struct Service {
    /// As gateway.toml has it.
    pub(crate) name: &'static str,
    pub(crate) running: Running,
}

/// Builds and starts all of them, in the order in which they can do without those that come later: who consumes
/// before who publishes, vacancy before ticket.
pub(crate) async fn start(settings: Settings) -> Result<Vec<Service>, StartError> {
    let bus = bus(&settings)?;
    let context = |about: About, common| Context::mounted(about, common, bus.clone());
    let mut built: Vec<(Module, Context)> = Vec::new();

    let Part { common, own } = settings.notification;
    let notification = context(notification::ABOUT, common);
    built.push((
        notification::build(own, notification.clone())
            .instrument(span("notification"))
            .await
            .map_err(of("notification"))?,
        notification,
    ));

    let Part { common, own } = settings.vacancy;
    let vacancy = context(vacancy::ABOUT, common);
    let (module, stock) =
        vacancy::build_with_handle(own, vacancy.clone()).instrument(span("vacancy")).await.map_err(of("vacancy"))?;
    built.push((module, vacancy));

    let Part { common, own } = settings.ticket;
    let ticket = context(ticket::ABOUT, common);
    let client = Arc::new(LocalVacancy::new(stock, own.vacancy.timeout));
    built.push((
        ticket::build_with(own, ticket.clone(), client).instrument(span("ticket")).await.map_err(of("ticket"))?,
        ticket,
    ));

    let Part { common, own } = settings.task;
    let task = context(task::ABOUT, common);
    built.push((task::build(own, task.clone()).instrument(span("task")).await.map_err(of("task"))?, task));

    let Part { common, own } = settings.user;
    let user = context(user::ABOUT, common);
    built.push((user::build(own, user.clone()).instrument(span("user")).await.map_err(of("user"))?, user));

    // The bus in memory keeps nothing for those that come later.
    for (module, _) in &mut built {
        module.subscribe(&bus);
    }
    let start =
        |(module, context): (Module, Context)| Service { name: module.name, running: Running::start(module, &context) };
    Ok(built.into_iter().map(start).collect())
}

fn bus(settings: &Settings) -> Result<Bus, StartError> {
    let Some(kafka) = &settings.common.kafka else { return Ok(Bus::Memory(MemoryBus::default())) };
    let bus = KafkaBus::connect(kafka, &Metrics::default());
    bus.map(Bus::Kafka).map_err(|error| StartError::Other(error.to_string()))
}

/// Says whose start failed.
fn of(service: &'static str) -> impl Fn(StartError) -> StartError {
    move |error| StartError::Other(format!("{service}: {error}"))
}
