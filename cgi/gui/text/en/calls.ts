/** Texts of the page. */
export const calls = {
  soon: 'This page is being built.',
};
