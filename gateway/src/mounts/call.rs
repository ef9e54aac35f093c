//! A part of a service at work: a call, or the body of its answer.
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use super::Mounted;

/// The service panicked. It was logged, and what was left of the call is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panicked;

/// Something of a service's own that is polled, and dropped, with its runtime as the current one, and whose panic goes
/// no further.
#[derive(Debug)]
pub(crate) struct Call<T> {
    of: Mounted,
    /// `None` after a panic.
    inner: Option<T>,
}

impl<T> Call<T> {
    pub(super) fn new(of: Mounted, begin: impl FnOnce() -> T) -> Self {
        let mut call = Self { inner: None, of };
        call.inner = call.contained(begin).ok();
        call
    }

    /// Another part of the same call.
    pub(super) fn part<U>(&self, inner: U) -> Call<U> {
        Call { of: self.of.clone(), inner: Some(inner) }
    }

    /// What `work` makes of it, unless it panics, or has before.
    pub(super) fn within<R>(&mut self, work: impl FnOnce(&mut T) -> R) -> Result<R, Panicked> {
        let mut inner = self.inner.take().ok_or(Panicked)?;
        // Whatever a panic left half-done in `inner` is dropped with it, and seen by nobody.
        let (inner, done) = self.contained(move || {
            let done = work(&mut inner);
            (inner, done)
        })?;
        self.inner = Some(inner);
        Ok(done)
    }

    fn contained<R>(&self, work: impl FnOnce() -> R) -> Result<R, Panicked> {
        let _current = self.of.runtime().enter();
        catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
            let service = self.of.name();
            tracing::error!(service, panic = text(&*panic), "a mounted service panicked; its other requests go on");
            Panicked
        })
    }
}

impl<F: Future + Unpin> Call<F> {
    /// Goes on with the call.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<F::Output, Panicked>> {
        match self.within(|future| Pin::new(future).poll(cx)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(Panicked) => Poll::Ready(Err(Panicked)),
        }
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        let Some(inner) = self.inner.take() else { return };
        // Its other requests are not concerned, nor is whoever drops this.
        let _ = self.contained(|| drop(inner));
    }
}

/// What a panic says, if it says something.
fn text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default()
}
