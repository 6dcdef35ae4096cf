/** Starts the page: the data of the file replaces what is shown without scripts. */
import { render } from 'preact';
import { openReport } from '../pack.ts';
import { App } from './app.tsx';
import { inflated } from './inflate.ts';

const root = document.getElementById('root');
const source = document.getElementById('data');
if (root !== null && source !== null) void start(root, source.textContent ?? '');

async function start(into: HTMLElement, data: string): Promise<void> {
  const json = data.startsWith('{') ? data : await inflated(data);
  const report = openReport(json);
  document.getElementById('plain')?.remove();
  const draw = (isPrinting: boolean): void => render(<App report={report} isPrinting={isPrinting} />, into);
  draw(false);
  addEventListener('beforeprint', () => draw(true));
  addEventListener('afterprint', () => draw(false));
}
