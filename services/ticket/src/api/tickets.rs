//! `/api/v1`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use kit::Problem;
use kit::idempotency::{Answer, Keyed, Once};
use kit::identity::Identity;
use uuid::Uuid;

use super::bodies::{AvailableBody, PurchaseBody, ReceiptBody, TicketBody};
use crate::application::{Application, Error, Receipt};
use crate::domain::{BuyerId, TicketId};

/// Buys places for the caller; too few left is `success: false` with what is left.
#[utoipa::path(
    post, path = "/api/v1/purchase", tag = "tickets", request_body = PurchaseBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key buys once")),
    responses(
        (status = 200, description = "Bought, or too few left", body = ReceiptBody),
        (status = 400, description = "validation_failed"),
        (status = 401, description = "token_missing"),
        (status = 409, description = "idempotency_in_progress: the first one with this key runs on after 10 s of waiting"),
        (status = 422, description = "idempotency_key_reused"),
        (status = 503, description = "vacancy_unavailable or overloaded: nothing was sold"),
    )
)]
pub(super) async fn purchase(
    State(application): State<Arc<Application>>,
    identity: Identity,
    Keyed { body, key }: Keyed<PurchaseBody>,
) -> Result<Response, Problem> {
    let once = Once { key: key.of(&identity.user_id.to_string()), render: rendered };
    Ok(application.purchase(BuyerId(identity.user_id), body.parse()?, once).await?.into_response(rendered))
}

/// A ticket of the caller.
#[utoipa::path(
    get, path = "/api/v1/tickets/{id}", tag = "tickets", params(("id" = Uuid, Path, description = "the ticket")),
    responses(
        (status = 200, description = "The ticket", body = TicketBody),
        (status = 401, description = "token_missing"),
        (status = 404, description = "ticket_not_found: there is none, or it is another's"),
    )
)]
pub(super) async fn get(
    State(application): State<Arc<Application>>,
    identity: Identity,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<TicketBody>, Problem> {
    // What is no UUID names no ticket.
    let Path(id) = id.map_err(|_| Error::TicketNotFound)?;
    Ok(Json(application.get_ticket(BuyerId(identity.user_id), TicketId(id)).await?.into()))
}

/// How many places are left, as the vacancy service says.
#[utoipa::path(
    get, path = "/api/v1/available", tag = "tickets",
    responses(
        (status = 200, description = "The places that are left", body = AvailableBody),
        (status = 503, description = "vacancy_unavailable"),
    )
)]
pub(super) async fn available(State(application): State<Arc<Application>>) -> Result<Json<AvailableBody>, Problem> {
    Ok(Json(AvailableBody { qty: application.available().await? }))
}

fn rendered(receipt: &Receipt) -> Answer {
    Answer::json(StatusCode::OK, &ReceiptBody::from(receipt))
}
