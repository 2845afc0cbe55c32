//! `orchestrator`: arguments, terminal, exit codes. Everything else is in the engine.

mod arguments;
mod commands;
mod comparison;
mod doctor;
mod exit;
mod progress;
mod report;
mod run;
mod terminal;
mod trace;
mod trim;
mod tune;

use clap::Parser;

fn main() -> std::process::ExitCode {
    let arguments = arguments::Arguments::parse();
    arguments.color.write_global();
    if let Err(e) = start_log(&arguments.log) {
        return exit::bad_input(&format!("--log: {e}"));
    }
    match commands::dispatch(arguments) {
        Ok(code) => code.into(),
        Err(e) => exit::bad_input(&format!("{e:#}")),
    }
}

/// Log lines go to standard error, so that standard output stays what was asked for.
fn start_log(filter: &str) -> Result<(), tracing_subscriber::filter::ParseError> {
    if filter == "off" {
        return Ok(());
    }
    let filter = tracing_subscriber::EnvFilter::try_new(filter)?;
    let color = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(color)
        .init();
    Ok(())
}
