// Before Gradio loads: it knows zh-TW and zh-CN only, and asks the browser's language alone. Whoever reads zh-HK, or has
// chosen a language in the workbench, shall get it.
(() => {
  const chosen = /(?:^|; )audiopost_language=([\w-]+)/.exec(document.cookie)?.[1];
  const own = navigator.language || "en";
  const traditional = /^(yue|zh.*-(hk|tw|mo|hant))/i.test(own);
  const language = chosen || (traditional ? "zh-hant" : /^zh/i.test(own) ? "zh-hans" : "en");
  const known = { "zh-hant": "zh-TW", "zh-hans": "zh-CN", en: "en" }[language] || "en";
  Object.defineProperty(navigator, "language", { get: () => known, configurable: true });
  Object.defineProperty(navigator, "languages", { get: () => [known], configurable: true });
})();
