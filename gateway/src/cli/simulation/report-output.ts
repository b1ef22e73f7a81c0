// Shows the result of a run as the options of its command ask for: in the terminal, as HTML, JSON or CSV.
import type { SimulationResult } from 'evenkeel/simulator';
import { wantsColors } from '../../observation/standard-output.ts';
import { csvReport } from '../../report/csv-report.ts';
import type { ReportContext } from '../../report/html-report.ts';
import { terminalReport } from '../../report/terminal-report.ts';
import { UsageError } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { checkWritable, writeReport } from './report-file.ts';

/** The options of a command that reports. */
export interface ReportOptions {
  /** The file of the page. */
  readonly html?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** @throws UsageError if options exclude each other, or the file cannot be written: before the run begins */
export function checkReportOptions({ html, json = false, csv = false }: ReportOptions): void {
  if (json && csv) throw new UsageError('--json and --csv exclude each other: both go to standard output');
  if (html !== undefined) checkWritable('--html', html);
}

/** @throws UsageError if the file cannot be written */
export async function showReport(
  result: SimulationResult,
  context: ReportContext,
  { html, json = false, csv = false }: ReportOptions,
  io: Io,
): Promise<void> {
  if (html !== undefined) {
    // Loaded only where a page is asked for.
    const { htmlReport } = await import('../../report/html-report.ts');
    writeReport(html, htmlReport(result, context));
  }
  if (json) io.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else if (csv) io.stdout.write(csvReport(result));
  else {
    const hasColors = wantsColors(io.isTerminal === true, io.env as NodeJS.ProcessEnv);
    io.stdout.write(terminalReport(result, { columns: io.columns ?? 80, hasColors }, context.lesson));
    if (html !== undefined) io.stdout.write(`\nThe report with pictures: ${html}\n`);
  }
}
