//! The same amounts as one statement of PostgreSQL over a table of the same children.

use std::time::Instant;

use anyhow::Result;
use store::cluster::{Cluster, ClusterOptions};
use store::organisation::Installer;

use super::allowance::{Families, MONTH};
use crate::bench::figure::Figure;
use crate::bench::place::Folder;

/// Rows sent at a time.
const PIECE: usize = 50_000;

const TABLE: &str = "create temporary table child (household integer not null, born date not null,
     care boolean not null, elder boolean not null, place integer not null)";

/// What the rules say, as a database says it: the child's place among those who count decides.
const STATEMENT: &str = "
    select sum(yen)::bigint, sum(yen * (household % 1009))::bigint from (
      select household, sum(case when not paid then 0 when place >= 3 then 30000
                            when under_three then 15000 else 10000 end)::bigint yen
      from (
        select household, paid, under_three,
               count(*) filter (where counts) over (
                 partition by household order by born, place
                 rows between unbounded preceding and current row) place
        from (
          select household, born, place, under_three, paid, paid or (elder and end_22 >= $1) counts
          from (
            select household, born, place, elder,
                   date_trunc('month', born + interval '3 years')::date >= $1 under_three,
                   care and make_date(extract(year from reach_18 + interval '9 months')::int, 3, 31)
                     >= $1 paid,
                   make_date(extract(year from reach_22 + interval '9 months')::int, 3, 31) end_22
            from (
              select household, born, place, care, elder,
                     (born + interval '18 years')::date - 1 reach_18,
                     (born + interval '22 years')::date - 1 reach_22
              from child) a) b) c) d
      group by household) e";

/// Sum and weighted sum, and the median seconds.
pub(super) async fn statement(
    folder: &Folder,
    families: &Families,
    rounds: usize,
) -> Result<((i64, i64), f64)> {
    let cluster = Cluster::start(&ClusterOptions::new(folder.path().join("postgres"))).await?;
    let installer = Installer::new(cluster.installer("postgres"));
    let client = installer.connect("postgres").await?;
    client.batch_execute(TABLE).await?;
    let owners = (0_i32..).zip(families.offsets.windows(2));
    let owners = owners.flat_map(|(own, ends)| {
        (1_i32..).take((ends[1] - ends[0]) as usize).map(move |at| (own, at))
    });
    let (households, places): (Vec<i32>, Vec<i32>) = owners.unzip();
    for from in (0..families.births.len()).step_by(PIECE) {
        let to = (from + PIECE).min(families.births.len());
        let sql = "insert into child select h, b, true, true, p
                   from unnest($1::int[], $2::date[], $3::int[]) t (h, b, p)";
        let rows = (&households[from..to], &families.births[from..to], &places[from..to]);
        client.execute(sql, &[&rows.0, &rows.1, &rows.2]).await?;
    }
    client.batch_execute("vacuum (analyze) child").await?;
    let (mut figure, mut sums) = (Figure::default(), (0, 0));
    for _ in 0..rounds.clamp(1, 3) {
        let begin = Instant::now();
        let row = client.query_one(STATEMENT, &[&MONTH]).await?;
        figure.since(begin);
        sums = (row.try_get(0)?, row.try_get(1)?);
    }
    let seconds = figure.percentile(50) / 1000.0;
    println!("rules, one statement of PostgreSQL: median {seconds:.3} s");
    drop(client);
    cluster.stop().await?;
    Ok((sums, seconds))
}
