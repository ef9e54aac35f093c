//! Takes the page's two files out of Swagger UI's archive. They are packed in there as gzip packs, so that each only gets
//! gzip's head and foot (RFC 1952 §2.2).
use std::{
    env, fs,
    io::{Cursor, Read},
    path::Path,
};

use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

const FILES: [&str; 2] = ["swagger-ui.css", "swagger-ui-bundle.js"];
/// Deflate, no name, no time, no system.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = env::var_os("OUT_DIR").expect("cargo sets it");
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED)).expect("an archive");
    let names: Vec<String> = archive.file_names().map(|name| name.expect("a name").into_owned()).collect();
    for file in FILES {
        let ending = format!("/dist/{file}");
        let at = names.iter().position(|name| name.ends_with(&ending)).expect("the archive has it");
        let mut entry = archive.by_index_raw(at).expect("it can be read");
        let (sum, length) = (entry.crc32(), u32::try_from(entry.size()).expect("less than 4 GiB"));
        let mut packed = HEAD.to_vec();
        entry.read_to_end(&mut packed).expect("it can be read");
        packed.extend(sum.to_le_bytes());
        packed.extend(length.to_le_bytes());
        fs::write(Path::new(&folder).join(format!("{file}.gz")), packed).expect("cargo's folder can be written to");
    }
}
