// Does on the page of the reference what somebody does who tries an operation out. Returns the answer
// that the page shows.
async (token, operation) => {
  // Waits until the page has the element, for 20 seconds.
  const element = (selector) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = document.querySelector(selector);
        if (found) {
          observer.disconnect();
          resolve(found);
        }
      };
      const observer = new MutationObserver(look);
      observer.observe(document, { attributes: true, childList: true, subtree: true });
      setTimeout(() => reject(new Error(`the page does not show ${selector}`)), 20_000);
      look();
    });
  const click = async (selector) => (await element(selector)).click();

  await click(".scheme-container .authorize");
  const input = await element("#auth-bearer-value");
  // React listens to the setter of the class, not to the one of the element.
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, token);
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.closest("form").querySelector("button[type=submit]").click();
  await click(".auth-btn-wrapper .btn-done");

  const block = `#operations-${operation}`;
  await click(`${block} .opblock-summary-control`);
  await click(`${block} .try-out__btn`);
  await click(`${block} .execute`);
  const answer = `${block} .live-responses-table .response`;
  const status = await element(`${answer} .response-col_status`);
  const body = await element(`${answer} .response-col_description pre`);
  return `${status.firstChild.textContent.trim()} ${body.textContent}`;
}
