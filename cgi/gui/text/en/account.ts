/** Texts of the page. */
export const account = {
  soon: 'This page is being built.',
};
