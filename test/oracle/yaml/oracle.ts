// What kubectl makes of a file: the program in this directory.
import { goProgram } from '../go-program.ts';

interface YamlQuestion {
  readonly base64: string;
}

export interface YamlAnswer {
  /** As JSON; those before the error, if there is one. */
  readonly values: readonly unknown[];
  readonly error: string | null;
}

export interface YamlOracle {
  /** One answer per text, in the same order. A lone surrogate would reach it as U+FFFD. */
  ask(texts: readonly string[]): Promise<readonly YamlAnswer[]>;
  askBytes(files: readonly Uint8Array[]): Promise<readonly YamlAnswer[]>;
  close(): Promise<void>;
}

const program = goProgram<YamlQuestion, YamlAnswer>({ folder: import.meta.dirname, name: 'yaml' });

export const yamlOracleMissing = program.missing;

export async function startYamlOracle(): Promise<YamlOracle> {
  const running = await program.start();
  const askBytes: YamlOracle['askBytes'] = (files) =>
    running.ask(files.map((file) => ({ base64: Buffer.from(file).toString('base64') })));
  return {
    askBytes,
    ask: (texts) => askBytes(texts.map((text) => Buffer.from(text))),
    close: () => running.close(),
  };
}
