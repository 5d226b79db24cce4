import { maybe, type Plot, some } from '../plot.js'

export const garden: Plot = {
  name: 'garden',
  traits: 'patient|busy|curious|helpful|dreamy',
  cast: { helper: 'grand|parent|neighbor|friend' },
  foods: { crop: 'crop' },
  rows: {
    trouble: [
      'the sun was so hot that the earth cracked / carried water in a can, twice a day / dry earth',
      'hungry snails came at night / carried the snails to the other side of the fence / snails',
      'weeds grew everywhere / pulled out the weeds, one by one / weeds',
      'a crow wanted to pick everything up / made a scarecrow with an old hat / a crow',
      'a strong wind bent the stems / tied the stems to small sticks / the wind',
      'a rabbit came to nibble at the leaves / built a little fence of twigs / a rabbit',
      'there was frost one night / covered everything with an old blanket / frost',
      'a mole dug a hole right beside them / filled the hole with earth and stones / a mole',
      'tiny bugs sat on the leaves / put ladybugs on the leaves to eat the bugs / bugs',
    ],
  },
  want: 'crop',
  beats: [
    `- [Day], [helper] gave [hero] some tiny seeds. "What will they be?" asked [hero]. "[Crop]," said
       [helper].
     - [Day], [hero] found a bag of seeds. On the bag was a picture of [crop].
     - [Day], [hero] wanted to have a garden. "Let us grow [crop]," said [helper].
     - [Day], [hero] saw that [helper] was working in the garden. "Can I plant something, too?" asked [hero].
       "You can plant [crop]," said [helper].
     - It was spring. [Hero] wanted to grow [crop] all by [hero.himself].`,
    `- [Hero] dug little holes, put a seed into each of them and covered them with earth.
     - [Hero] made the earth soft with a rake. Then [hero.he] put the seeds into the ground.
     - [Helper] showed [hero] how to do it: not too deep, and not too close together.
     - One by one, the seeds went into the dark earth. [Hero] gave them some water.`,
    `- Every day [hero] looked at the place. Nothing happened. "Why does it take so long?" [hero.he] asked.
     - The next morning [hero] ran outside, but there was nothing to see. "They do not grow!" [hero.he] cried.
     - [Hero] waited for one day, two days, three days. There was only brown earth.
     - "Grow, grow, grow!" said [hero] to the ground. But the seeds took their time.`,
    `- "You must be patient," said [helper]. "Good things need time." So [hero] watered them and waited.
     - "The seeds are sleeping now," said [helper]. "They need water and sun." [Hero] took good care of them.
     - [Helper] smiled. "You cannot see it, but under the ground they are growing already."
     - So [hero] learned to wait. [Hero.He] watered the earth every morning and sang to the seeds.`,
    `- Then, one morning, there was something green! The first little leaves had come out.
     - After two weeks, tiny green tips came out of the earth. [Hero] danced for joy.
     - And one day, [hero] saw a little green leaf, and then another one. "They are here!" [hero.he] shouted.
     - At last, small green plants looked out of the ground.`,
    `- But then [trouble]. [Hero] [trouble.b].
     - There was one more problem: [trouble]. So [hero] [trouble.b].
     - Soon after that, [trouble]. "I must help my plants," said [hero]. [Hero.He] [trouble.b].
     - One day, [trouble]. [Hero] was $worried. With the help of [helper], [hero.he] [trouble.b].`,
    `- The plants grew higher and higher. In summer, there were the most beautiful [crop] that [hero] had ever
       seen.
     - The weeks went by, and the garden was full of [crop].
     - When summer came, [hero] could be proud: there were big, bright [crop] everywhere.
     - $finally, the [crop] were there. [Hero] counted them every day.`,
    maybe(
      0.7,
      `- [Hero] brought a basket of [crop] to [helper]. "You did that very well," said [helper].
     - [Hero] gave some [crop] to all the neighbors.
     - $everyone came to look at the garden. "Did you do that all alone?" they asked. "The sun and the rain
       helped me," said [hero].
     - [Hero] kept some seeds for the next year.`,
    ),
  ],
  moral:
    'good things need time|it is worth being patient|one must take care of what one loves|big things begin very small',
  feelings: 'proud|happy|content|rich',
  questions: `
    What did [hero.full] grow? = [Hero.full] grew [crop].
    Who helped [hero.full]? = [Helper.full] helped [hero.full].
    What made trouble in the garden? = It was [trouble.c].
    What did [hero.full] do against it? = [Hero.full] [trouble.b].`,
}

export const caterpillar: Plot = {
  name: 'waiting',
  hero: 'child',
  traits: 'curious|gentle|patient|quiet|thoughtful',
  cast: { helper: 'parent|grand|teacher' },
  place: 'out trees walk|out home trees|out home',
  rows: {
    small: [
      'a green caterpillar / eats leaves all day long / hung on a twig and did not move / a butterfly with blue wings / flew out of the window',
      'a brown egg / must be kept warm / lay there and did not move / a fluffy yellow chick / ran around and peeped',
      'a tadpole in a jar / needs fresh water / swam around and hid under a leaf / a tiny frog / hopped back to the pond',
      'a chestnut / wants to be in the earth / lay in a pot full of earth / a little chestnut tree / got two big leaves',
      'a striped caterpillar / likes fresh leaves best / spun a thread around itself and slept / a moth with silver wings / flew out into the garden',
      'an acorn / needs earth and water / lay in a pot by the window / a very small oak tree / was planted in the garden',
      'a bulb like an onion / sleeps all winter / was quiet in the dark earth / a red tulip / opened in the sun',
    ],
  },
  want: 'small',
  beats: [
    `- [Day], [hero] found [small] [place.in]. It was [place.spot].
     - [Day], [hero] was [place.in] when [hero.he] saw [small].
     - [Day], [helper] showed [hero] [small] [place.in]. "Take good care of it," said [helper].
     - [Day], [hero] looked [place.spot]. There was [small]!`,
    `- "What is it?" asked [hero]. "It [small.b]," said [helper]. "Wait and see what will happen."
     - [Helper] knew all about it. "It [small.b]," [helper.he] said.
     - [Hero] wanted to know more. "It [small.b]," said [helper], "and one day you will be surprised."
     - "Can I keep it for a while?" asked [hero]. "Yes," said [helper], "but remember: it [small.b]."`,
    `- [Hero] looked after it every day. But it only [small.c].
     - Every morning [hero] ran to look. It [small.c], and that was all.
     - Days went by. It [small.c]. "Nothing happens," said [hero].
     - [Hero] talked to it and gave it all it needed. It [small.c].`,
    `- "Is it ill?" asked [hero]. "No," said [helper]. "It is only getting ready."
     - "Can I help it?" asked [hero]. "You help it most when you wait," said [helper].
     - [Hero] was $sad. But [helper] said, "You must not hurry it. It knows what to do."
     - It is hard to wait. [Hero] wanted to touch it, but [hero.he] did not.`,
    some(
      0,
      1,
      `- [Hero] drew a picture of it every Sunday.
     - [Hero] counted the days on a sheet of paper.
     - When it rained, [hero] told it stories.
     - A friend came to look. "How boring!" the friend said. But [hero] shook [hero.his] head.`,
    ),
    `- Then, one morning, something was different. There was [small.d]!
     - And one day [hero] could not believe [hero.his] eyes. It had become [small.d]!
     - $finally, it happened. [Hero] saw [small.d].
     - "Come quickly!" cried [hero]. In the place where it had been was [small.d].`,
    `- It [small.e]. [Hero] watched for a long time.
     - [Hero] held [hero.his] breath. It [small.e].
     - "How beautiful you are!" whispered [hero]. Then it [small.e].
     - [Helper] came, too. Together they watched how it [small.e].`,
    maybe(
      0.6,
      `- "You see," said [helper], "it was worth the wait."
     - [Hero] told the whole class about it.
     - [Hero] will never forget that morning.`,
    ),
  ],
  moral:
    'some things need time|one has to wait for the most beautiful things|small things can become something wonderful|it is good to be patient',
  feelings: 'happy|proud|amazed|full of joy',
  questions: `
    What did [hero.full] find? = It was [small].
    What did it become? = It became [small.d].`,
}
