//! `kumoi parcel`: a vendor's key, and a system's folder with its documents as one signed file.
//!
//! Works on files alone; nothing is sent anywhere.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cloud::parcel::{DOCUMENT_KINDS, MATERIALS, Parcel, PublisherKey, materials_of};
use cloud::part::{Named, part_difference, parts_name};
use definition::Package;

use crate::systems::{package_read, system_read};

/// 提出物と署名の鍵
#[derive(clap::Subcommand)]
pub enum ParcelCommand {
    /// 署名の鍵を作り、登録する検証鍵を表示する
    Key {
        /// 事業者の識別子（vendor_a など）
        vendor: String,
        /// 署名の鍵を置くファイル（上書きしません）
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
    },
    /// 使える署名の鍵で、新しい検証鍵に署名する（二つめからの検証鍵を登録するときに要ります）
    Endorse {
        /// 新しい検証鍵（vendor/ で始まる一行）
        public: String,
        /// 登録してある検証鍵の、署名の鍵
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// 業務システムのフォルダと文書を、署名した一つのファイルにする
    Make {
        /// 業務システムのフォルダ
        folder: PathBuf,
        /// 手引き（manual.md）と契約条件（terms.md）のフォルダ。部品表（sbom.json）は、なければ作ります
        #[arg(long, value_name = "DIR")]
        documents: PathBuf,
        /// 組み込んだ部品: 事業者の識別子と、公開された部品のフォルダ（何度でも指定できます）
        #[arg(long, value_name = "VENDOR=DIR")]
        part: Vec<String>,
        /// 署名の鍵
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// 書くファイル
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
    },
}

/// Makes a key or a parcel.
pub fn parcel(command: &ParcelCommand) -> Result<()> {
    match command {
        ParcelCommand::Key { vendor, output } => {
            let key = PublisherKey::generate(vendor)?;
            key_write(output, &key)?;
            println!("{}", key.public_text());
        }
        ParcelCommand::Endorse { public, key } => {
            print!("{}", key_read(key)?.endorse(public)?);
        }
        ParcelCommand::Make { folder, documents, part, key, output } => {
            let key = key_read(key)?;
            // What is wrong in it is said here, before it is sent anywhere.
            let system = system_read(folder)?;
            let package = package_read(folder)?;
            let mut documents = documents_read(documents)?;
            let named = (system.name.as_str(), system.version.as_str());
            documents
                .entry(MATERIALS.to_owned())
                .or_insert_with(|| materials_of(&package, named, key.vendor()));
            parts_add(&mut documents, &package, part)?;
            let parcel = Parcel { package, documents };
            let bytes = parcel.pack(&key)?;
            fs::write(output, &bytes)
                .with_context(|| format!("{} を書けません", output.display()))?;
            println!(
                "{}: {} {}、{} バイト",
                output.display(),
                system.name,
                system.version,
                bytes.len()
            );
        }
    }
    Ok(())
}

/// Names the parts in the 部品表, after a look whether each was built in as it is.
fn parts_add(
    documents: &mut BTreeMap<String, String>,
    package: &Package,
    parts: &[String],
) -> Result<()> {
    let mut named = Vec::new();
    for one in parts {
        let (vendor, folder) = one
            .split_once('=')
            .with_context(|| format!("--part は「事業者=フォルダ」で指定してください（{one}）"))?;
        let part = system_read(Path::new(folder))?;
        let own = package_read(Path::new(folder))?;
        if let Some(why) = part_difference(&own, package) {
            bail!("部品「{}」が、そのまま組み込まれていません: {why}", part.name);
        }
        named.push(Named {
            vendor: vendor.to_owned(),
            id: part.id,
            version: part.version,
            hash: part.hash,
        });
    }
    if let Some(bill) = documents.get_mut(MATERIALS) {
        *bill = parts_name(bill, &named).map_err(anyhow::Error::msg)?;
    }
    Ok(())
}

fn key_read(path: &Path) -> Result<PublisherKey> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("署名の鍵 {} を読めません", path.display()))?;
    Ok(PublisherKey::read(&text)?)
}

/// Writes a private key that only its owner can read; an existing file stays.
pub fn key_write(path: &Path, key: &PublisherKey) -> Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("署名の鍵 {} を作れません", path.display()))?;
    writeln!(file, "{}", key.secret_text())?;
    Ok(())
}

fn documents_read(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for (file, name) in DOCUMENT_KINDS {
        let path = folder.join(file);
        match fs::read_to_string(&path) {
            Ok(text) => drop(found.insert(file.to_owned(), text)),
            Err(_) if file == MATERIALS && !path.exists() => {}
            Err(error) => bail!("{name} {} を読めません（{error}）", path.display()),
        }
    }
    Ok(found)
}
