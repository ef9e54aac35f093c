//! What a request must look like: the types of its body, fields that have to be there, and the body's JSON Schema.
//!
//! What the head tells is checked before anybody is asked for a credential; the body is read, whole, only after that.
mod body_schema;
mod explain;
mod json;
mod media_type;

use std::sync::Arc;

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
    pub(crate) fn check(&self, request: &Request<Body>) -> Result<(), Rejection> {
        self.check_head(request.method(), request.headers(), request.body().length() != Length::Known(0))
    }

    fn check_head(&self, method: &Method, fields: &HeaderMap, has_body: bool) -> Result<(), Rejection> {
        if let Some(name) = self.required.iter().find(|name| !is_there(name, fields)) {
            return Err(Rejection::HeaderMissing { name: name.clone() });
        }
        if !has_body {
            let needs_one = self.schema.is_some() && matches!(*method, Method::POST | Method::PUT | Method::PATCH);
            return if needs_one { Err(BodyFault::of_whole("is missing").into()) } else { Ok(()) };
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
    schema.check(&bytes)?;
    let fields = request.headers_mut();
    fields.insert(header::CONTENT_LENGTH, bytes.len().into());
    for gone in [header::EXPECT, header::TRAILER] {
        fields.remove(gone);
    }
    Ok(())
}

/// A field without a value is as good as none.
fn is_there(name: &HeaderName, fields: &HeaderMap) -> bool {
    fields.get_all(name).iter().any(|value| !value.as_bytes().trim_ascii().is_empty())
}

#[cfg(test)]
mod tests;
