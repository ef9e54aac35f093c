//! `/api/v1`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kit::Problem;
use kit::idempotency::{Answer, Keyed, Once};
use kit::json::Json as Body;

use super::bodies::{AvailableBody, ReleaseBody, ReserveBody, ReservedBody, RestockBody, StockBody};
use super::caller::{Admin, Service};
use crate::application::Application;
use crate::domain::Outcome;

/// Reserves places. The same `reservation_id` gives the same answer again; too few left is
/// `success: false` with what is left.
#[utoipa::path(
    post, path = "/api/v1/reserve", tag = "stock", request_body = ReserveBody,
    responses(
        (status = 200, description = "Reserved, or too few left", body = ReservedBody),
        (status = 400, description = "validation_failed"),
        (status = 403, description = "caller_untrusted: not a service of this system"),
        (status = 422, description = "reservation_id_reused: for another qty"),
        (status = 503, description = "overloaded"),
    )
)]
pub(super) async fn reserve(
    State(application): State<Arc<Application>>,
    _: Service,
    Body(body): Body<ReserveBody>,
) -> Result<Json<ReservedBody>, Problem> {
    let (id, qty) = body.parse()?;
    let outcome = application.reserve(id.clone(), qty).await?;
    Ok(Json(ReservedBody::new(outcome, &id)))
}

/// Gives back what a reservation holds; a second or unknown release changes nothing.
#[utoipa::path(
    post, path = "/api/v1/release", tag = "stock", request_body = ReleaseBody,
    responses(
        (status = 200, description = "The reservation holds nothing now", body = StockBody),
        (status = 400, description = "validation_failed"),
        (status = 403, description = "caller_untrusted: not a service of this system"),
        (status = 503, description = "overloaded"),
    )
)]
pub(super) async fn release(
    State(application): State<Arc<Application>>,
    _: Service,
    Body(body): Body<ReleaseBody>,
) -> Result<Json<StockBody>, Problem> {
    let outcome = application.release(body.parse()?).await?;
    Ok(Json(outcome.into()))
}

/// Adds places; for administrators.
#[utoipa::path(
    post, path = "/api/v1/restock", tag = "stock", request_body = RestockBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key adds them once")),
    responses(
        (status = 200, description = "Restocked", body = StockBody),
        (status = 400, description = "validation_failed"),
        (status = 401, description = "token_missing"),
        (status = 403, description = "scope_missing: needs the scope admin"),
        (status = 409, description = "stock_overflow: no room for so many"),
        (status = 422, description = "idempotency_key_reused"),
        (status = 503, description = "overloaded"),
    )
)]
pub(super) async fn restock(
    State(application): State<Arc<Application>>,
    Admin(identity): Admin,
    Keyed { body, key }: Keyed<RestockBody>,
) -> Result<Response, Problem> {
    let once = Once { key: key.of(&identity.user_id.to_string()), render: rendered };
    Ok(application.restock(body.parse()?, once).await?.into_response(rendered))
}

/// How many places are left.
#[utoipa::path(
    get, path = "/api/v1/available", tag = "stock",
    responses(
        (status = 200, description = "The places that are left", body = AvailableBody),
        (status = 503, description = "overloaded"),
    )
)]
pub(super) async fn available(State(application): State<Arc<Application>>) -> Result<Json<AvailableBody>, Problem> {
    Ok(Json(AvailableBody { qty: application.available().await? }))
}

fn rendered(outcome: &Outcome) -> Answer {
    Answer::json(StatusCode::OK, &StockBody::from(*outcome))
}
