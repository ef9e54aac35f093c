//! Every way to the stock does the same.

use std::sync::Arc;
use std::time::Duration;

use kit::bus::Bus;
use ticket::infrastructure::remote::{RemoteSettings, RemoteVacancy};
use ticket::testing::vacancy_client_contract;
use tokio::net::TcpListener;

use crate::stock::Stock;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stock_in_the_same_process_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    vacancy_client_contract(Stock::start(folder.path(), 50, Bus::Disconnected).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stock_over_http_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let stock = Stock::start(folder.path(), 50, Bus::Disconnected).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(axum::serve(listener, stock.running.router()).into_future());
    let timeout = Duration::from_secs(20);
    let settings = RemoteSettings { url, timeout, max_connections: 8, keepalive_connections: 2 };
    vacancy_client_contract(Arc::new(RemoteVacancy::new(settings, None).unwrap())).await;
    serving.abort();
}

#[tokio::test]
async fn every_route_is_in_its_paper() {
    let folder = tempfile::tempdir().unwrap();
    let context = kit::testing::context(ticket::ABOUT, folder.path(), Bus::Disconnected);
    let mut reader = kit::Reader::new(kit::settings::Source::default());
    let module = ticket::build(ticket::Settings::read(&mut reader), context).await.unwrap();
    let paper = serde_json::to_value(module.openapi.unwrap()).unwrap();
    let paths: Vec<_> = paper["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(paths, ["/api/v1/available", "/api/v1/purchase", "/api/v1/tickets/{id}"]);
    let schemas = &paper["components"]["schemas"];
    assert_eq!(schemas["PurchaseBody"]["properties"]["qty"]["maximum"], 1_000_000);
}
