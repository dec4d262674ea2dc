/** What the doctor's number needs from above: the box examined, as it is at this moment. */
import type { DoctorFinding } from '../contract.ts';

export interface Doctor {
  /** Takes some seconds where something hangs; who asks while one is under way gets that one's findings. */
  examine(): Promise<readonly DoctorFinding[]>;
}
