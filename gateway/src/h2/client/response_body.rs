//! An answer's body, read from its stream as it is asked for. The upstream may send more only for what was taken: so a
//! slow client is felt by its own upstream's stream alone.
use std::task::{Context, Poll, ready};

use ::h2::RecvStream;
use bytes::Bytes;
use http_body::Frame;

use super::{Place, connection, upload::Upload};
use crate::{
    h1::{framing::Length, trailers},
    rejection::Rejection,
};

/// The body of an answer; what is left of the request's body is sent while it is polled.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    /// Gone once the body has ended. Dropped before that, it cancels the stream.
    stream: Option<Stream>,
    length: Length,
    /// Whether it has failed with its connection, for which another stream stands.
    is_counted: bool,
}

#[derive(Debug)]
struct Stream {
    upload: Option<Upload>,
    body: RecvStream,
    /// Bytes that were handed on and may be sent anew once more is asked for.
    taken: usize,
    is_in_trailers: bool,
    is_counted: bool,
    // The last, so that the place is free when the stream has ended.
    place: Place,
}

impl ResponseBody {
    pub(super) fn new(body: RecvStream, length: Length, upload: Option<Upload>, place: Place) -> Self {
        let is_end = body.is_end_stream();
        let stream = Stream { upload, body, taken: 0, is_in_trailers: false, is_counted: false, place };
        Self { stream: (!is_end).then_some(stream), length, is_counted: false }
    }

    /// How the upstream delimited it.
    pub(crate) fn length(&self) -> Length {
        self.length
    }

    /// Whether nothing more will come.
    pub(crate) fn is_end(&self) -> bool {
        self.stream.is_none()
    }

    /// Whether its failure is counted already: it ended with its connection, as another stream's answer did.
    pub(crate) fn is_counted(&self) -> bool {
        self.is_counted
    }

    /// Whether it still sends the request's body.
    pub(crate) fn drives_upload(&self) -> bool {
        self.stream.as_ref().is_some_and(|stream| stream.upload.is_some())
    }

    /// Does without the rest.
    pub(crate) fn skip(&mut self) {
        self.stream = None;
    }

    /// The next piece; an error is final, and whoever relays the body must not end it cleanly.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
        let frame = ready!(stream.poll(cx));
        let is_last = match &frame {
            Some(Ok(frame)) => frame.is_trailers() || stream.body.is_end_stream(),
            Some(Err(_)) | None => true,
        };
        if is_last {
            stream.give_back();
            self.is_counted = stream.is_counted;
            self.stream = None;
        }
        Poll::Ready(frame)
    }
}

impl Stream {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Rejection>>> {
        if let Some(upload) = &mut self.upload {
            match upload.poll(cx) {
                Poll::Ready(Ok(())) => self.upload = None,
                Poll::Ready(Err(rejection)) => return Poll::Ready(Some(Err(rejection))),
                Poll::Pending => {}
            }
        }
        self.give_back();
        if !self.is_in_trailers {
            match ready!(self.body.poll_data(cx)) {
                Some(Ok(data)) => {
                    self.taken = data.len();
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(self.fault(&error)))),
                None => self.is_in_trailers = true,
            }
        }
        match ready!(self.body.poll_trailers(cx)) {
            Ok(None) => Poll::Ready(None),
            Ok(Some(mut fields)) => {
                trailers::discard_refused(&mut fields);
                Poll::Ready(Some(Ok(Frame::trailers(fields))))
            }
            Err(error) => Poll::Ready(Some(Err(self.fault(&error)))),
        }
    }

    /// Lets the upstream send as much as was taken.
    fn give_back(&mut self) {
        let taken = std::mem::take(&mut self.taken);
        if taken > 0 {
            // It can only fail on a stream that is gone.
            let _ = self.body.flow_control().release_capacity(taken);
        }
    }

    fn fault(&mut self, error: &::h2::Error) -> Rejection {
        self.is_counted = self.place.loss(error).is_some_and(|loss| loss.is_counted());
        connection::fault(error, self.place.watch())
    }
}
