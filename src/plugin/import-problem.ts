/** Formats the errors of Node.js for plugins that cannot be loaded, with file and position. */
import { fileURLToPath } from 'node:url';
import { quoteValue } from '../image/quote.ts';
import { shownError } from './guard.ts';

interface Place {
  readonly file: string;
  readonly at: string;
}

/** `:3:11: Expression expected`, with the file in front if it is a file that the plugin imports. */
export function importProblem(error: unknown, plugin: string): string {
  const stack = error instanceof Error && typeof error.stack === 'string' ? error.stack : '';
  const place = syntaxPlace(stack) ?? framePlace(stack, plugin);
  const problem = loadProblem(error);
  if (place === undefined) return `: ${problem}`;
  return place.file === plugin ? `:${place.at}: ${problem}` : `: ${place.file}:${place.at}: ${problem}`;
}

/** A syntax error starts with `file:line`, the source lines, and a `^` below the position. */
function syntaxPlace(stack: string): Place | undefined {
  const [first = '', ...shown] = stack.split('\n', 10);
  const [, file, line] = /^((?:file:\/\/)?\/.+):(\d+)$/.exec(first) ?? [];
  if (file === undefined || line === undefined) return undefined;
  const column = (shown.find((text) => /^ *\^+ *$/.test(text)) ?? '').indexOf('^') + 1;
  return { file: pathOf(file), at: column === 0 ? line : `${line}:${column}` };
}

/** The position of the first stack frame in the plugin. */
function framePlace(stack: string, plugin: string): Place | undefined {
  for (const [, file, at] of stack.matchAll(/\(?((?:file:\/\/)?\/[^\s()]+):(\d+:\d+)\)?$/gm)) {
    if (file !== undefined && at !== undefined && pathOf(file) === plugin) return { file: plugin, at };
  }
  return undefined;
}

function pathOf(urlOrPath: string): string {
  return urlOrPath.startsWith('file:') ? fileURLToPath(urlOrPath) : urlOrPath;
}

const EXPLAINED: Readonly<Record<string, string>> = {
  ERR_REQUIRE_ASYNC_MODULE: 'top-level await is not supported; plugins load synchronously',
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX:
    'only erasable TypeScript syntax is supported; enum, namespace, and parameter properties are not',
};

/** Exports of `tidewaiter` by their former names. */
const RENAMED_EXPORTS: ReadonlyMap<string, string> = new Map([
  ['judgeAnswers', 'checkRegistryFacts'],
  ['judgeImages', 'checkImages'],
  ['untold', 'unknownProblem'],
]);

function renamedExport(message: string): string {
  const [, name = ''] = /^The requested module 'tidewaiter' .* export named '(\w+)'/.exec(message) ?? [];
  const current = RENAMED_EXPORTS.get(name);
  return current === undefined ? '' : `; it was renamed to '${current}'`;
}

function loadProblem(error: unknown): string {
  if (!(error instanceof Error)) return `the module threw ${shownError(error)} while loading`;
  const code = 'code' in error ? String(error.code) : '';
  const explained = EXPLAINED[code];
  if (explained !== undefined) return explained;
  if (code === 'ERR_MODULE_NOT_FOUND') return quoteless(error.message.replace(/ imported from .*$/s, ''));
  if (error instanceof SyntaxError) return `${quoteless(error.message)}${renamedExport(error.message)}`;
  return `the module threw ${shownError(error)} while loading`;
}

/** The first line of a Node.js message, which has its own quotes. */
function quoteless(text: string): string {
  return quoteValue(text.split('\n', 1)[0] ?? '', 500)
    .slice(1, -1)
    .replaceAll('\\"', '"');
}
