// What the site's theme leaves out for people who use the keyboard or a screen reader.

const SCROLLERS = ".md-typeset__scrollwrap, .md-typeset pre > code, .md-typeset p:has(> img)";

// What scrolls sideways can be scrolled with the keyboard once it can be reached.
function makeReachable(element) {
  if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
  else element.removeAttribute("tabindex");
}

// Each block of code has a landmark, and needs a name of its own.
function nameCode(navigation, index) {
  navigation.setAttribute("aria-label", `Code ${index + 1}`);
}

// A part of the site may be called as a section of the page is, and one that has a page of its own has a label without text.
function nameNavigation(navigation) {
  navigation.removeAttribute("aria-labelledby");
  navigation.setAttribute("aria-label", `Pages: ${navigation.querySelector(".md-nav__title").textContent.trim()}`);
}

function mend() {
  document.querySelectorAll(SCROLLERS).forEach(makeReachable);
  document.querySelectorAll(".md-code__nav").forEach(nameCode);
  document.querySelectorAll(".md-nav--primary nav[aria-labelledby]").forEach(nameNavigation);
}

// The theme adds its scrollers and buttons once the page is there.
new MutationObserver(() => requestAnimationFrame(mend)).observe(document.body, {childList: true, subtree: true});
addEventListener("resize", mend);
mend();
