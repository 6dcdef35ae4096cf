/** Formats the output of `serve --print-config`. */
import type { Setting } from '../../config/config.ts';

/** `listen: "127.0.0.1:8443"   # default`: YAML that can be saved as tidewaiter.yaml. */
export function configText(settings: readonly Setting[]): string {
  const lines = settings.map(({ key, value, from }) => {
    const line = value === undefined ? `# ${key}:` : `${key}: ${JSON.stringify(value)}`;
    return { line, from };
  });
  const width = Math.max(...lines.map(({ line }) => line.length));
  return lines.map(({ line, from }) => `${line.padEnd(width)}  # ${from}\n`).join('');
}
