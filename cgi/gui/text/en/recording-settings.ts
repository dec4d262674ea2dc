/** Texts of the page. */
export const recordingSettings = {
  soon: 'This page is being built.',
};
