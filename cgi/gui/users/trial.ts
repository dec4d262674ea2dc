/** Who takes away the own rights, by mistake perhaps, has so many seconds to confirm it (30038). */
export const TRIAL_SECONDS = 60;
