import type { RecordingSettings } from '../../recording/settings.ts';

/** What the recording thread gets. */
export interface WriterSettings extends RecordingSettings {
  readonly version: string;
  /** Of the hash of user names. */
  readonly hashKey: string;
}
