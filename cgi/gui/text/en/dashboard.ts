/** Texts of the page. */
export const dashboard = {
  soon: 'This page is being built.',
};
