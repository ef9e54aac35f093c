//! What a request must look like: the types of its body, fields that have to be there, and the body's JSON Schema.
//!
//! What the head tells is checked before anybody is asked for a credential; the body is read, whole, only after that.
mod body_schema;
mod explain;
mod json;
mod media_type;

use std::{future::poll_fn, pin::Pin, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};

use crate::{
    body::Body,
    h1::framing::Length,
    rejection::{BodyFault, Rejection},
};
pub(crate) use body_schema::BodySchema;
pub(crate) use media_type::ContentTypes;
use media_type::MediaType;

/// What a route takes.
#[derive(Debug)]
pub(crate) struct Validation {
    content_types: Option<Arc<ContentTypes>>,
    required: Arc<[HeaderName]>,
    schema: Option<Arc<BodySchema>>,
}

impl Validation {
    /// None when nothing is asked.
    pub(crate) fn new(
        content_types: Option<Arc<ContentTypes>>,
        required: Arc<[HeaderName]>,
        schema: Option<Arc<BodySchema>>,
    ) -> Option<Self> {
        let is_off = content_types.is_none() && required.is_empty() && schema.is_none();
        (!is_off).then_some(Self { content_types, required, schema })
    }

    /// Looks at the head: `header_missing`, `content_type_unsupported`, and `body_invalid` for a body that is not there.
    ///
    /// A body of undeclared length may be empty, and then is none: where its type is not taken, its first byte is waited
    /// for before that is said.
    pub(crate) async fn check(&self, request: &mut Request<Body>) -> Result<(), Rejection> {
        let length = request.body().length();
        let outcome = self.check_head(request.method(), request.headers(), length != Length::Known(0));
        match outcome {
            Err(Rejection::ContentTypeUnsupported { .. } | Rejection::ContentCodingUnsupported)
                if length == Length::Chunked && Box::pin(is_empty(request.body_mut())).await? =>
            {
                self.check_head(request.method(), request.headers(), false)
            }
            outcome => outcome,
        }
    }

    fn check_head(&self, method: &Method, fields: &HeaderMap, has_body: bool) -> Result<(), Rejection> {
        if let Some(name) = self.required.iter().find(|name| !is_there(name, fields)) {
            return Err(Rejection::HeaderMissing { name: name.clone() });
        }
        if !has_body {
            return if self.schema.is_some() { without_body(method) } else { Ok(()) };
        }
        if let Some(types) = &self.content_types
            && !MediaType::of(fields).is_some_and(|media_type| types.take(&media_type))
        {
            return Err(Rejection::ContentTypeUnsupported { allowed: types.field().clone() });
        }
        if self.schema.is_some() {
            if !MediaType::of(fields).is_some_and(|media_type| media_type.is_json()) {
                let allowed = HeaderValue::from_static("application/json");
                return Err(Rejection::ContentTypeUnsupported { allowed });
            }
            if fields
                .get_all(header::CONTENT_ENCODING)
                .iter()
                .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
            {
                return Err(Rejection::ContentCodingUnsupported);
            }
        }
        Ok(())
    }

    /// Reads the body and holds it to the schema, where there are both; the same bytes then are the request's body.
    ///
    /// A client that waits for a 100 gets it here. The length is declared from now on, and trailers are gone.
    pub(crate) async fn check_body(&self, request: &mut Request<Body>) -> Result<(), Rejection> {
        match &self.schema {
            // The walk's own future stays small.
            Some(schema) if request.body().length() != Length::Known(0) => {
                Box::pin(read_and_check(schema, request)).await
            }
            _ => Ok(()),
        }
    }
}

async fn read_and_check(schema: &BodySchema, request: &mut Request<Body>) -> Result<(), Rejection> {
    request.body().lower_limit(schema.max_body())?;
    let bytes = request.body_mut().buffer().await?;
    if bytes.is_empty() {
        without_body(request.method())?;
    } else {
        schema.check(&bytes)?;
    }
    let fields = request.headers_mut();
    fields.insert(header::CONTENT_LENGTH, bytes.len().into());
    for gone in [header::EXPECT, header::TRAILER] {
        fields.remove(gone);
    }
    Ok(())
}

/// What a schema says of a request that has no body.
fn without_body(method: &Method) -> Result<(), Rejection> {
    let needs_one = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
    if needs_one { Err(BodyFault::of_whole("is missing").into()) } else { Ok(()) }
}

/// Whether a body ends before its first byte; what is read of any other is lost. Who waits for a 100 has one.
async fn is_empty(body: &mut Body) -> Result<bool, Rejection> {
    if body.awaits_continue() {
        return Ok(false);
    }
    while let Some(frame) = poll_fn(|cx| http_body::Body::poll_frame(Pin::new(&mut *body), cx)).await {
        if frame?.data_ref().is_some_and(|data| !data.is_empty()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A field without a value is as good as none.
fn is_there(name: &HeaderName, fields: &HeaderMap) -> bool {
    fields.get_all(name).iter().any(|value| !value.as_bytes().trim_ascii().is_empty())
}

#[cfg(test)]
mod tests;
