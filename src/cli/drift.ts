/** `tidewaiter drift`: pinned images whose tag has moved, or whose digest is gone. */
import { decideDrift, driftQuestions, runningAt } from '../pinning/drift.ts';
import { formatReport } from '../report/index.ts';
import { paint } from '../report/paint.ts';
import { type DriftReport, driftExitCode, driftRow, mergeUses } from '../report/pin.ts';
import { print } from './terminal.ts';
import { configured } from './configured.ts';
import { answersTo, type Ask, askWith, byKey } from './registry-lookups.ts';
import { interruptible } from './interrupt.ts';
import type { PinFlags, PinParts } from './pin.ts';
import { fileRow, openFiles } from './pin-files.ts';

export type DriftFlags = Pick<PinFlags, 'config' | 'pullSecret' | 'helmImage' | 'output'>;

export function drift(paths: readonly string[], flags: DriftFlags, parts: PinParts): Promise<number> {
  return interruptible((signal) => driftUntil(paths, flags, { ...parts, signal }));
}

async function driftUntil(
  paths: readonly string[],
  flags: DriftFlags,
  parts: PinParts & { readonly signal: AbortSignal },
): Promise<number> {
  const { terminal, signal } = parts;
  const { config } = await configured({ config: flags.config }, terminal);
  const options = { kinds: config.kinds, helmImages: flags.helmImage ?? [] };
  const { files, errors, notices, kustomized } = await openFiles(paths, options, terminal);
  const pinned = files.flatMap(({ file, locations }) =>
    locations.flatMap((location) =>
      runningAt(location, kustomized).map((reference) => ({ file, location, reference })),
    ),
  );
  const ask = await askWith({ ...parts, config, pullSecret: flags.pullSecret });
  const questions = byKey(pinned.flatMap(({ reference }) => driftQuestions(reference)));
  const answers = await answered(
    answersTo(questions, ({ reference }) => ask.registry().resolve(reference, signal), ask),
    ask,
  );
  const report: DriftReport = {
    version: 1,
    files: files.map(fileRow),
    images: mergeUses(
      pinned.map(({ file, location, reference }) =>
        driftRow(
          file,
          { ...location, image: reference.reference.text },
          { digest: reference.digest, decision: decideDrift(reference, answers) },
        ),
      ),
    ),
    errors,
    notices,
  };
  print(await formatReport('drift', flags.output, { report, ink: paint(terminal.colors) }), terminal);
  return driftExitCode(report);
}

async function answered<T>(asking: Promise<T>, { close }: Pick<Ask, 'close'>): Promise<T> {
  try {
    return await asking;
  } finally {
    await close();
  }
}
